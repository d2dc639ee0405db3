-- Accounts, the links that lead to them, what we send, and the trail of who did what (docs/rules.md §2, §7).

create table accounts (
    id                 uuid primary key,
    -- Lower case, trimmed: the same address in other letters is the same person. None once deleted.
    email              text check (email = lower(email) and email = trim(email)),
    status             text not null check (status in ('pending', 'active', 'disabled', 'terminated')),
    -- What the person signed up from.
    device             text not null check (device in ('non_se_gsib', 'se_gsib', 'gmd', 'internet_device')),
    seed_status        text not null check (seed_status in ('not_required', 'requested', 'licence_assigned',
                           'onboarding_in_progress', 'onboarded', 'expired', 'ineligible')),
    -- Until when the latest SEED onboarding e-mail is valid.
    seed_email_expires timestamptz,
    created_at         timestamptz not null,
    activation_ends    timestamptz not null,
    terminated_at      timestamptz,
    check ((status = 'terminated') = (terminated_at is not null))
);
-- One living account an address; an ended one does not stand in the way of a new one.
create unique index accounts_email on accounts (email) where status <> 'terminated';
-- The sweep asks for pending accounts by age.
create index accounts_pending on accounts (created_at) where status = 'pending';

-- Links. Only the SHA-256 of a token is kept: a copy of this table opens nothing.
create table tokens (
    hash        bytea primary key check (octet_length(hash) = 32),
    purpose     text not null check (purpose in ('accept')),
    account_id  uuid not null references accounts (id),
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    consumed_at timestamptz
);
create index tokens_account on tokens (account_id);

-- What is to be sent and what was. Nothing is ever dropped: a message ends as sent, bounced or given up.
create table outbox (
    -- Also the local part of the Message-ID, so that a second delivery after a crash is recognisable.
    id          uuid primary key,
    channel     text not null check (channel in ('email', 'sms')),
    recipient   text not null,
    kind        text not null,
    -- The message itself, encrypted: it holds links that let people in.
    body        bytea not null,
    account_id  uuid references accounts (id),
    status      text not null check (status in ('queued', 'sending', 'sent', 'bounced', 'given_up')),
    attempts    integer not null default 0,
    -- When to try next.
    due_at      timestamptz not null,
    -- Who is sending it now, and until when nobody else may.
    lease       uuid,
    lease_ends  timestamptz,
    last_error  text,
    created_at  timestamptz not null,
    sent_at     timestamptz,
    check ((status = 'sending') = (lease is not null and lease_ends is not null)),
    check ((status = 'sent') = (sent_at is not null))
);
create index outbox_due on outbox (due_at) where status = 'queued';
create index outbox_leased on outbox (lease_ends) where status = 'sending';
create index outbox_account on outbox (account_id, created_at);
create index outbox_sent on outbox (sent_at desc, id desc) where status = 'sent';

-- Who did what to whom, when. Only ever added to.
create table audit (
    id         uuid primary key,
    at         timestamptz not null,
    -- Who: the account, or none for a person who is not signed in.
    actor      uuid,
    event      text not null,
    account_id uuid,
    request_id text,
    details    jsonb not null default '{}'
);
create index audit_account on audit (account_id, at);
create index audit_at on audit (at, id);
