alter table runs add column ended text;     -- when it really ended, UTC; null while it lasts, or when it was cut off
create index calls_of_run on calls(run, number);     -- to be read page by page
create table refusals (
    id integer primary key autoincrement,
    run integer not null references runs(id),
    number integer not null,        -- of the refusal within its run: the call is named run-rnumber
    at_utc text not null,
    reason text not null,           -- calls, address, number, rate, lag, draining, records
    times integer not null          -- 1; more where so many came at once that one row stands for them
) strict;
create unique index refusals_of_run on refusals(run, number);
create table access_changes (
    id integer primary key autoincrement,
    run integer not null references runs(id),
    lived_us integer not null,      -- when, in service time: microseconds the centre has lived, over all runs
    change text not null            -- JSON: whose it is stands there as a mark that only this centre can make
) strict;
create index access_changes_lived on access_changes(lived_us);
create table promises (
    id text primary key,            -- of the call that kept it first: run-number
    run integer not null references runs(id),   -- in which it was last written
    at_utc text not null,           -- when it was
    promised_in text not null,      -- the call in which it was promised
    promise text not null,          -- JSON: whom to call, for which queue; emptied once nobody is to be called any more
    settled_utc text                -- null: still to be kept
) strict;
create index promises_open on promises(id) where settled_utc is null;
