-- Budgets begin anew one take at a time: from "so many since a first one" twice as many fitted around the moment at which it all
-- began anew (docs/rules.md §4.2a).

alter table budgets
    -- The moments of the takes that may still count, oldest first.
    add column taken      timestamptz[] not null default '{}',
    -- While it is cold: how often it was asked for in vain, and until when nobody need be told once more.
    add column in_vain    integer not null default 0,
    add column cold_until timestamptz;

-- What was used was used since the budget began, at the latest. "started_at", "ends_at" and "used" stay for the version before,
-- which counts with them.
update budgets set taken = array_fill(started_at, array[used]);
