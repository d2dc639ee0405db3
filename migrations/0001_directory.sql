-- The directory: which organisations there are, how their people get TechPass, and which days count (docs/rules.md §1, §8).
-- Everything here is data that an administrator edits; the triggers tell every running copy to read it anew.

create table agencies (
    acronym text primary key,
    name    text not null
);

create table identity_providers (
    name text primary key check (name ~ '^[a-z][a-z0-9_]*$')
);

create table agency_domains (
    domain       text primary key check (domain = lower(domain)),
    agency       text not null references agencies (acronym) on update cascade,
    -- What the domain is called where it is not the whole agency ("… (schools)").
    name         text not null,
    sign_up      text not null check (sign_up in ('self', 'invite')),
    seed_offered boolean not null,
    provider     text references identity_providers (name) on update cascade,
    -- Self sign-up ends with signing in at a provider, so there must be one.
    check (sign_up = 'invite' or provider is not null)
);
create index agency_domains_agency on agency_domains (agency);

-- Mail domains that nobody signs up from: without an inbox (LiteMail), or of private persons.
create table refused_mail_domains (
    domain text primary key check (domain = lower(domain)),
    reason text not null check (reason in ('litemail', 'personal'))
);

create table offshore_development_centres (
    name text primary key
);

create table public_holidays (
    day  date primary key,
    name text not null
);

create function tell_directory_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('directory', '');
    return null;
end
$$;

create trigger directory_changed after insert or update or delete or truncate on agencies
    for each statement execute function tell_directory_changed();
create trigger directory_changed after insert or update or delete or truncate on agency_domains
    for each statement execute function tell_directory_changed();
create trigger directory_changed after insert or update or delete or truncate on refused_mail_domains
    for each statement execute function tell_directory_changed();
create trigger directory_changed after insert or update or delete or truncate on public_holidays
    for each statement execute function tell_directory_changed();
