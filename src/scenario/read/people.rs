//! Which people of the registry are meant.

use super::Reading;
use crate::{
    people::demand::rules::PeopleFilter,
    registry::{Category, Region, Status},
    script::tree::Table,
};

impl Reading {
    /// The filter under `people`; everybody when there is none.
    pub(super) fn people(&mut self, table: &Table) -> PeopleFilter {
        table.table("people").map(|people| self.who(people)).unwrap_or_default()
    }

    /// The filter whose fields stand in `table` itself.
    pub(super) fn who(&mut self, table: &Table) -> PeopleFilter {
        let status = self.word(table, "status", "registration status", Status::ALL.iter().map(|s| s.word()));
        let category = self.word(table, "category", "category", Category::ALL.iter().map(|c| c.word()));
        let region = self.word(table, "region", "region", Region::ALL.iter().map(|r| r.word()));
        PeopleFilter {
            status: status.map(|i| Status::ALL[i]),
            paid: table.bool("paid"),
            category: category.map(|i| Category::ALL[i]),
            region: region.map(|i| Region::ALL[i]),
        }
    }

    fn word(
        &mut self,
        table: &Table,
        key: &str,
        what: &str,
        known: impl Iterator<Item = &'static str> + Clone,
    ) -> Option<usize> {
        let (text, span) = table.text(key)?;
        self.find(what, text, span, known)
    }
}
