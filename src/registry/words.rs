//! The closed sets of words that describe a person. Their order is the order of the catalogue's symbol sets, so that an
//! answer to a script is a cast and not a search.

use serde::{Deserialize, Serialize};

/// A word that is none of a closed set. Says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no {set}; use one of: {expected}")]
pub struct UnknownWord {
    /// What was written.
    pub found: String,
    /// What the set is called.
    pub set: &'static str,
    /// The words of the set, with commas.
    pub expected: String,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident as $called:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word scripts, tables and files use.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// The value at place `code` of [`Self::ALL`]; the first one for a place that does not exist.
            #[inline]
            pub(crate) const fn from_code(code: u32) -> $name {
                let all = Self::ALL;
                if (code as usize) < all.len() { all[code as usize] } else { all[0] }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<$name, UnknownWord> {
                let found = Self::ALL.iter().copied().find(|value| value.word() == text);
                found.ok_or_else(|| UnknownWord {
                    found: text.to_owned(),
                    set: $called,
                    expected: [$($word),+].join(", "),
                })
            }
        }
    )+};
}

words! {
    /// Where a person stands with the fund; the order of the `registration` service's outcomes.
    Status as "registration status" {
        /// Has a registration number.
        Registered = "registered",
        /// The file is reliable; the number is not given yet.
        Pending = "pending",
        /// The file failed the first check.
        UnderReview = "under_review",
        /// Another scheme covers the person already.
        OtherCover = "other_cover",
        /// No file was received.
        NotTransmitted = "not_transmitted",
    }

    /// Professional category; the order of the catalogue's `category`.
    Category as "category" {
        /// Farmers.
        Farm = "farm",
        /// Auto-entrepreneurs.
        Ae = "ae",
        /// Payers of the single professional contribution.
        Cpu = "cpu",
        /// Artisans without accounts.
        Art = "art",
        /// Taxi drivers with a card.
        Taxi = "taxi",
        /// Medical and paramedical professions.
        Med = "med",
        /// Traders with accounts.
        Comc = "comc",
        /// Artists.
        Artist = "artist",
        /// Legal professions.
        Legal = "legal",
        /// Architects, guides, vets, topographers.
        Arch = "arch",
        /// Artisans with accounts.
        Artc = "artc",
        /// Those whose decrees were still awaited (transport, fish trade, ship-owners); nobody registered is here.
        Other = "other",
    }

    /// The twelve regions, by ISO 3166-2:MA code.
    Region as "region" {
        /// Tanger-Tétouan-Al Hoceïma.
        R01 = "r01",
        /// Oriental.
        R02 = "r02",
        /// Fès-Meknès.
        R03 = "r03",
        /// Rabat-Salé-Kénitra.
        R04 = "r04",
        /// Béni Mellal-Khénifra.
        R05 = "r05",
        /// Casablanca-Settat.
        R06 = "r06",
        /// Marrakech-Safi.
        R07 = "r07",
        /// Drâa-Tafilalet.
        R08 = "r08",
        /// Souss-Massa.
        R09 = "r09",
        /// Guelmim-Oued Noun.
        R10 = "r10",
        /// Laâyoune-Sakia El Hamra.
        R11 = "r11",
        /// Dakhla-Oued Ed-Dahab.
        R12 = "r12",
    }

    /// The language a person would rather be answered in.
    Language as "language" {
        /// Arabic.
        Ar = "ar",
        /// French.
        Fr = "fr",
        /// Tamazight.
        Zgh = "zgh",
        /// English.
        En = "en",
    }

    /// Sex as on the civil register.
    Sex as "sex" {
        /// A woman.
        Female = "f",
        /// A man.
        Male = "m",
    }

    /// State of a health-care (AMO) file; the order of the catalogue's `file_state`.
    FileState as "file state" {
        /// Taken in.
        Received = "received",
        /// Being worked on.
        Processing = "processing",
        /// A document is missing.
        Incomplete = "incomplete",
        /// Paid out.
        Settled = "settled",
        /// Refused.
        Rejected = "rejected",
    }
}

#[cfg(test)]
mod tests {
    use super::{Category, FileState, Region, Status};
    use crate::script::catalogue::{self, Service};

    #[test]
    fn words_and_order_are_the_catalogues() {
        let words = |set: crate::script::value::SymbolSet| catalogue::SETS[set.0 as usize].words.to_vec();
        assert_eq!(words(catalogue::CATEGORY), Category::ALL.iter().map(|w| w.word()).collect::<Vec<_>>());
        assert_eq!(words(catalogue::REGION), Region::ALL.iter().map(|w| w.word()).collect::<Vec<_>>());
        assert_eq!(words(catalogue::FILE_STATE), FileState::ALL.iter().map(|w| w.word()).collect::<Vec<_>>());
        let outcomes = Service::Registration.entry().outcomes.iter().map(|o| o.name).collect::<Vec<_>>();
        assert_eq!(outcomes, Status::ALL.iter().map(|w| w.word()).collect::<Vec<_>>());
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_known_ones() {
        let error = "farmer".parse::<Category>().expect_err("no such category");
        assert!(error.to_string().contains("`farmer`") && error.to_string().contains("farm, ae, cpu"), "{error}");
    }
}
