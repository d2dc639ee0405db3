-- What shows that something is amiss: seals on the audit trail, what became of an SMS, and what the owner of an account is told.

-- Seals (docs/rules.md §8.9): a job puts batches of entries under a hash, each over the one before, so that no
-- entry can be changed, taken away or slipped in unnoticed. The entries themselves are never touched, and writers wait for nothing.

create table audit_seals (
    number    bigint primary key check (number > 0),
    -- How many entries it is on. None where it only carries the chain over to a new key.
    count     integer not null check (count >= 0),
    -- SHA-256 over the seal before and every column of every entry.
    hash      bytea not null check (octet_length(hash) = 32),
    previous  bytea not null check (octet_length(previous) = 32),
    -- Keyed: whoever can write here, and does not have the secret key, cannot make a seal.
    mac       bytea not null check (octet_length(mac) = 32),
    key_id    bytea not null,
    -- The latest moment of any entry that is sealed so far.
    latest    timestamptz not null,
    sealed_at timestamptz not null
);

-- Which entry is under which seal, and where: the order is part of the hash. No foreign keys: each would be looked up for every
-- entry, and what does not fit is found by `portal audit verify` anyhow.
create table audit_sealed (
    entry    uuid primary key,
    seal     bigint not null,
    position integer not null check (position >= 0),
    unique (seal, position)
);

-- Whoever looks through the trail from its beginning sees all of it.
alter table audit add constraint audit_at_finite check (isfinite(at));

create trigger audit_seals_append_only before update or delete on audit_seals
    for each row execute function refuse_change_of_audit();
create trigger audit_seals_not_emptied before truncate on audit_seals
    for each statement execute function refuse_change_of_audit();
create trigger audit_sealed_append_only before update or delete on audit_sealed
    for each row execute function refuse_change_of_audit();
create trigger audit_sealed_not_emptied before truncate on audit_sealed
    for each statement execute function refuse_change_of_audit();

-- What the SMS gateway says of a message that it took (docs/rules.md §4.5a). The last word stands: it never goes back.
alter table outbox
    add column gateway_id     text,
    add column delivery       text check (delivery in ('passed_on', 'delivered', 'undelivered', 'failed')),
    add column delivery_error text,
    add column delivery_at    timestamptz;
create index outbox_gateway on outbox (gateway_id) where gateway_id is not null;

-- "This wasn't me" (docs/rules.md §4.23): what the notice was about that a link came with, and when that happened.
alter table tokens
    add column happened    text,
    add column happened_at timestamptz,
    add constraint tokens_not_me check ((purpose = 'not_me') = (happened_at is not null));

-- The browsers in which somebody has completed a sign-in (docs/rules.md §4.24). A keyed hash over the account and the browser's
-- cookie: what is here neither says who uses the same computer, nor passes for a cookie.
create table known_browsers (
    account_id uuid not null references accounts (id),
    hash       bytea not null check (octet_length(hash) = 32),
    first_seen timestamptz not null,
    last_seen  timestamptz not null,
    primary key (account_id, hash)
);
