-- Looking after one's account (docs/rules.md §4.17 to §4.22): a new mobile number waits here until it is proven, and the account
-- knows when its person last looked through its security.

alter table accounts
    -- When the person last said that they have looked through how they sign in.
    add column security_reviewed_at timestamptz,
    -- How many authenticators were ever added: the next one's secret follows from it, so that none comes twice.
    add column authenticators_made  integer not null default 0;
update accounts a set authenticators_made = (select count(*) from authenticators t where t.account_id = a.id);

-- The number that is to take the place of the one in the account: one an account. Until its code has come back, the old one stands.
create table mobile_changes (
    account_id     uuid primary key references accounts (id),
    -- In the international form: + and up to 15 digits (E.164).
    mobile         text not null check (mobile ~ '^\+[1-9][0-9]{3,14}$'),
    mobile_country text not null check (mobile_country ~ '^[A-Z]{2}$'),
    asked_at       timestamptz not null
);
