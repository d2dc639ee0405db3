-- Passkeys (WebAuthn): how people prove who they are with a key that never leaves their device (docs/rules.md §4.6, §4.12a).
-- The user handle that a device keeps beside its key is the account's id: it says nothing about anybody.

create table passkeys (
    id             uuid primary key,
    account_id     uuid not null references accounts (id),
    -- What the device calls its key. Registered once, by whomever.
    credential_id  bytea not null unique check (octet_length(credential_id) between 1 and 1023),
    name           text not null check (char_length(name) between 1 and 64),
    -- The public key, its counter, and whether it is kept in more than one place: as the library reads and writes them.
    credential     jsonb not null,
    -- The SHA-256 of the challenge that was answered last: of one answer that is sent many times at once, one counts.
    last_challenge bytea check (octet_length(last_challenge) = 32),
    created_at     timestamptz not null,
    last_used_at   timestamptz
);
create index passkeys_account on passkeys (account_id);

alter table accounts
    -- When a passkey took the place of a phone that no SMS reaches. The phone stays unproven.
    add column phone_replaced_at timestamptz;
