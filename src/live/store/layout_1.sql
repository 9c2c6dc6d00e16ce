create table meta (
    name text primary key,
    value text not null
) strict;
create table runs (
    id integer primary key autoincrement,
    began text not null,            -- when it really began, UTC
    origin text not null,           -- what time it was in the centre then
    speed real not null,
    seed integer not null,
    program text not null           -- version of hatif
) strict;
create table calls (
    id text primary key,            -- run-number: unique over restarts
    run integer not null references runs(id),
    number integer not null,        -- of the call within its run
    version integer not null,       -- of the script within its run
    digest text not null,           -- of the script's files, over all runs
    started text not null,          -- local, with offset; `answered` and `ended` too
    answered text,                  -- by an agent, first
    ended text not null,
    started_utc text not null,
    ended_utc text not null,
    duration_ms integer not null,
    caller text,                    -- masked; null when withheld
    language text not null,         -- at the end
    languages text not null,        -- all, in order; lists have spaces between
    outcome text not null,
    cause text not null,
    node text not null,             -- where it ended
    level text not null,            -- access level reached
    person integer,                 -- index in the registry, when proven
    failed_checks integer not null,
    intents text not null,          -- what the options chosen are for
    services text not null,         -- asked
    path text not null,             -- nodes entered
    no_inputs integer not null,
    no_matches integer not null,
    queue text,                     -- the last one waited in
    waited_ms integer not null,     -- in all queues
    unanswered_rings integer not null,
    agent integer,                  -- the last one talked to
    talked_ms integer not null,     -- holds included
    held_ms integer not null,
    transfers integer not null,
    survey text,                    -- question=answer
    cases text,                     -- back-office cases opened
    message_ms integer,             -- length of a message left
    promised_in text,               -- of a call back: the call in which it was promised
    callback text,                  -- the call back that was promised in it
    recording integer not null      -- 0 where the caller refused to be recorded
) strict;
create index calls_started on calls(started_utc);
create table overlay_changes (
    id integer primary key autoincrement,
    run integer not null references runs(id),
    registry text not null,         -- of which registry; a change means nothing in another
    at_utc text not null,
    change text not null            -- JSON
) strict;
create table audit (
    id integer primary key autoincrement,
    run integer not null references runs(id),
    call text not null,
    at_utc text not null,
    person integer,                 -- index in the registry; null where a claim led to nobody
    level text not null,            -- that the call had reached
    what text not null,             -- the service asked, or identity, code, send_code
    fields text not null,           -- given, with spaces between
    access text not null            -- granted, refused, locked, below_level
) strict;
