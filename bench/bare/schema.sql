-- Three tables that a sign-up would write, with the indexes that it cannot do without. Beside the portal's own, in a schema apart.
drop schema if exists bare cascade;
create schema bare;
create table bare.accounts (
    id         uuid primary key,
    email      text not null unique,
    status     text not null,
    created_at timestamptz not null
);
create table bare.tokens (
    hash       bytea primary key,
    account_id uuid not null references bare.accounts (id),
    expires_at timestamptz not null
);
create table bare.outbox (
    id         uuid primary key,
    recipient  text not null,
    body       bytea not null,
    created_at timestamptz not null
);
