//! The server under load, asked over HTTP: who it is before the run, what stands on record afterwards.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    reconcile::{Comparison, Page, Records, RefusalPage},
    tally::Tally,
};
use crate::client::{FetchError, Wiring, fetch};

/// What the server says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// The centre's name.
    pub centre: String,
    /// The version of the program.
    pub program: String,
    /// The number of its run.
    pub run: u64,
    /// Seconds of the centre per second.
    pub speed: f64,
    /// People in its registry.
    pub people: u32,
}

/// Asks the server how it is.
///
/// # Errors
/// No answer, or not a centre's.
pub async fn health(url: &str, wiring: &Wiring) -> Result<Health, FetchError> {
    get(url, "/health", wiring).await
}

/// How many records are asked for at a time.
const PAGE: u32 = 1_000;
/// A call whose line broke is recorded a moment later: the records are looked at again so often, so long apart.
const LOOKS: u32 = 20;
const BETWEEN: std::time::Duration = std::time::Duration::from_millis(250);

/// Compares every call of the run with its record.
pub async fn reconcile(url: &str, wiring: &Wiring, tally: &Tally) -> Records {
    let mut records = Records::of(tally);
    if let Err(error) = calls(url, wiring, tally, &mut records).await {
        records = Records::of(tally);
        records.why = Some(match error.is_absent() {
            true => "the server does not offer its records (GET /records)".to_owned(),
            false => format!("the records could not be read: {error}"),
        });
        return records;
    }
    match refusals(url, wiring, tally).await {
        Ok(found) => records.refusals_recorded = Some(found),
        Err(error) => records.why = Some(format!("the refusals could not be read: {error}")),
    }
    records.unrecorded = records.refusals_recorded.map(|recorded| records.refusals.saturating_sub(recorded));
    records
}

/// The runs of the server that calls were made in: more than one when it was restarted meanwhile.
fn runs(ledger: &super::tally::Ledger) -> Vec<u64> {
    let mut runs: Vec<u64> = ledger.entries.iter().map(|entry| entry.run).collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

async fn calls(url: &str, wiring: &Wiring, tally: &Tally, records: &mut Records) -> Result<(), FetchError> {
    if tally.ledger.entries.is_empty() {
        // Nothing to compare; the server is asked all the same, so that a wrong one is not taken for a right one.
        let _: Page = get(url, "/records?after=0&limit=1", wiring).await?;
        Comparison::new(&tally.ledger, 0).finish(records);
    }
    for run in runs(&tally.ledger) {
        let mut comparison = Comparison::new(&tally.ledger, run);
        let Some((before, last)) = comparison.span() else { continue };
        look(url, wiring, run, (before, last), &mut comparison).await?;
        for _ in 0..LOOKS {
            let Some(missing) = comparison.first_missing() else { break };
            tokio::time::sleep(BETWEEN).await;
            comparison.again_from(missing);
            look(url, wiring, run, (missing.saturating_sub(1), last), &mut comparison).await?;
        }
        comparison.finish(records);
    }
    // A page never shows a call twice, for the server keeps one record of each; it counts what it was handed besides.
    match fetch(url, "/metrics", wiring).await {
        Ok(metrics) => records.left_out(doubled(&metrics)),
        Err(error) => {
            records.why = Some(format!("whether records came to the server twice could not be read: {error}"));
        }
    }
    Ok(())
}

/// How many records came to the server twice since it started, as its metrics say; 0 where they say nothing of it.
fn doubled(metrics: &str) -> u64 {
    let value = metrics.lines().find_map(|line| line.strip_prefix("hatif_store_doubled_total "));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

async fn look(
    url: &str,
    wiring: &Wiring,
    run: u64,
    (mut after, last): (u64, u64),
    comparison: &mut Comparison<'_>,
) -> Result<(), FetchError> {
    loop {
        let page: Page = get(url, &format!("/records?run={run}&after={after}&limit={PAGE}"), wiring).await?;
        page.records.iter().for_each(|record| comparison.record(record.number, &record.outcome));
        match page.next {
            // A server that does not get on would be asked for ever.
            Some(next) if next > after && next <= last => after = next,
            _ => return Ok(()),
        }
    }
}

/// How many of the refusals stand on record. Under a flood of them one row stands for many, so that they are counted by
/// their span and not one by one: where others were refused meanwhile, theirs may be counted for ours.
async fn refusals(url: &str, wiring: &Wiring, tally: &Tally) -> Result<u64, FetchError> {
    let mut recorded = 0;
    for run in runs(&tally.refused) {
        let numbers = || tally.refused.entries.iter().filter(|entry| entry.run == run).map(|entry| entry.number);
        let (first, last) = (numbers().min().unwrap_or(0), numbers().max().unwrap_or(0));
        let ours = numbers().count() as u64;
        let mut found = refusals_between(url, wiring, run, (first, last)).await?;
        for _ in 0..LOOKS {
            if found >= ours {
                break;
            }
            // The row that stands for many is written when its second is over.
            tokio::time::sleep(BETWEEN).await;
            found = refusals_between(url, wiring, run, (first, last)).await?;
        }
        recorded += found.min(ours);
    }
    Ok(recorded)
}

async fn refusals_between(url: &str, wiring: &Wiring, run: u64, (first, last): (u64, u64)) -> Result<u64, FetchError> {
    let (mut found, mut after) = (0, first.saturating_sub(1));
    loop {
        let page: RefusalPage = get(url, &format!("/refusals?run={run}&after={after}&limit={PAGE}"), wiring).await?;
        let within = page.refusals.iter().filter(|refusal| (first..=last).contains(&refusal.number));
        found += within.map(|refusal| refusal.count).sum::<u64>();
        match page.next {
            Some(next) if next > after && next <= last => after = next,
            _ => return Ok(found),
        }
    }
}

async fn get<T: DeserializeOwned>(url: &str, path: &str, wiring: &Wiring) -> Result<T, FetchError> {
    let text = fetch(url, path, wiring).await?;
    let shown = || path.split('?').next().unwrap_or(path).to_owned();
    serde_json::from_str(&text).map_err(|error| FetchError::Status {
        path: shown(),
        status: 200,
        said: format!("what is not understood: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_was_handed_twice_is_read_from_its_figures() {
        let figures = "# TYPE hatif_store_doubled counter\nhatif_store_doubled_total 3\nhatif_store_failures_total 7\n";
        assert_eq!((doubled(figures), doubled("# EOF\n")), (3, 0));
    }
}
