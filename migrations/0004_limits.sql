-- What holds back robots, for all copies together (docs/rules.md §2).

-- Proofs of work that were used. "form" says with what, so that a double click is told from a replay.
create table used_proofs (
    proof      bytea primary key,
    form       bytea not null,
    expires_at timestamptz not null
);
create index used_proofs_expires on used_proofs (expires_at);

-- How often something was done since a moment. The key is a keyed hash: no address is readable here.
create table budgets (
    key        bytea primary key,
    started_at timestamptz not null,
    ends_at    timestamptz not null,
    used       integer not null
);
create index budgets_ends on budgets (ends_at);
