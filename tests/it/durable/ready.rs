//! Ready again soon, however much there is on record.

use std::path::Path;

use hatif::live::store::FILE;
use rusqlite::Connection;

use super::{
    disk::health,
    life::{Life, Told, crowd, folder},
};

/// Copies the first record `many` times, and adds audit lines and failed checks to match.
fn fill(data: &Path, many: u32) {
    let db = Connection::open(data.join(FILE)).expect("a database");
    let mut columns = db.prepare("select name from pragma_table_info('calls')").expect("a query");
    let columns: Vec<String> =
        columns.query_map([], |row| row.get(0)).expect("names").collect::<Result<_, _>>().expect("names");
    let values = columns.iter().map(|name| match name.as_str() {
        "id" => "'1-' || (i + 100)".to_owned(),
        "number" => "i + 100".to_owned(),
        name => format!("calls.{name}"),
    });
    let values: Vec<String> = values.collect();
    let mark = "00112233445566778899aabbccddeeff";
    let change = format!(r#"{{"at":1000000,"call":1,"of":"failed","subject":"{mark}","caller":"{mark}"}}"#);
    let sql = format!(
        "begin;
         with recursive n(i) as (select 1 union all select i + 1 from n where i < {many})
         insert into calls ({}) select {} from calls, n where calls.number = 1;
         with recursive n(i) as (select 1 union all select i + 1 from n where i < {many})
         insert into audit (run, call, at_utc, person, level, what, fields, access)
         select 1, '1-1', '', i, 'L1', 'identity', '', 'refused' from n;
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000)
         insert into access_changes (run, lived_us, change) select 1, 1000000, '{change}' from n;
         commit;",
        columns.join(", "),
        values.join(", ")
    );
    db.execute_batch(&sql).expect("rows");
}

/// How long a start takes after a kill, until the server answers.
async fn again_after_a_kill(options: &[&str]) -> hatif::time::Duration {
    let (data, told) = (folder(), Told::default());
    let mut first = Life::begin(data.path(), options, None);
    crowd(first.addr.expect("it starts"), 1, 1, &told).await;
    fill(data.path(), 100_000);
    crowd(first.addr.expect("it starts"), 4, 20, &told).await;
    first.kill();
    let began = hatif::live::clock::wall();
    let second = Life::begin(data.path(), options, None);
    assert_eq!(health(second.addr.expect("it starts again"))["status"], "ok");
    let took = hatif::live::clock::since(began);
    told.holds_at_least(data.path());
    took
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_is_ready_again_within_a_second_with_a_hundred_thousand_records() {
    let took = again_after_a_kill(&[]).await;
    super::life::tell(&format!("ready again {took} after a kill, 100,000 records, 1,000 people"));
    // In a debug build nothing is quick.
    let bound = if cfg!(debug_assertions) { 10 } else { 1 };
    assert!(took <= hatif::time::Duration::from_secs(bound), "{took}");
}
