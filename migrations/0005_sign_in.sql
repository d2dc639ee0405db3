-- How the person behind an account proves who they are, what they accepted, and where they are signed in (docs/rules.md §2, §4).

alter table accounts
    -- A vendor was invited and never told from what: only who signs up is asked.
    alter column device drop not null,
    -- Of a local account: what stands before @techpass.gov.sg. Not cleared when the account ends: an ID is never given out twice.
    add column username          text check (username = lower(username)),
    add column first_name        text,
    add column last_name         text,
    add column department        text,
    add column agency            text references agencies (acronym) on update cascade,
    -- In the international form: + and up to 15 digits (E.164).
    add column mobile            text check (mobile ~ '^\+[1-9][0-9]{3,14}$'),
    add column mobile_country    text check (mobile_country ~ '^[A-Z]{2}$'),
    add column phone_verified_at timestamptz,
    -- Whom the identity provider knows this person as: from the first sign-in on, nobody else is let in.
    add column provider_issuer   text,
    add column provider_subject  text,
    add column activated_at      timestamptz,
    add column last_sign_in_at   timestamptz,
    add column codes_kept_at     timestamptz,
    -- Sessions that began earlier are over, on every copy at once.
    add column sessions_from     timestamptz not null default 'epoch',
    add constraint accounts_bound check ((provider_issuer is null) = (provider_subject is null));
create unique index accounts_username on accounts (username);
create unique index accounts_provider on accounts (provider_issuer, provider_subject) where status <> 'terminated';

create table account_roles (
    account_id uuid not null references accounts (id),
    role       text not null check (role in ('agent', 'approver', 'admin')),
    granted_at timestamptz not null,
    primary key (account_id, role)
);

-- One row a browser. Only the SHA-256 of the cookie is kept.
create table sessions (
    id           bytea primary key check (octet_length(id) = 32),
    -- None until somebody has proved who they are.
    account_id   uuid references accounts (id),
    content      jsonb not null,
    created_at   timestamptz not null,
    last_seen_at timestamptz not null,
    -- At most 12 hours after it began; sooner where nothing happens and the account has a role of the staff.
    ends_at      timestamptz not null,
    idle_seconds integer,
    -- What it was opened from, in words, and roughly where.
    browser      text not null default '',
    network      text not null default ''
);
create index sessions_account on sessions (account_id) where account_id is not null;
create index sessions_ends on sessions (ends_at);

create table passwords (
    account_id uuid primary key references accounts (id),
    -- Argon2id, as a PHC string.
    hash       text not null,
    -- An initial password was made by us and dies; the other kind was chosen by its person.
    kind       text not null check (kind in ('initial', 'chosen')),
    set_at     timestamptz not null,
    expires_at timestamptz,
    check ((kind = 'initial') = (expires_at is not null))
);

create table authenticators (
    id           uuid primary key,
    account_id   uuid not null references accounts (id),
    name         text not null,
    -- The secret, encrypted.
    secret       bytea not null,
    created_at   timestamptz not null,
    -- The step of the last code that was taken (RFC 6238 §5.2): neither it nor an older one is taken again.
    last_step    bigint not null default 0,
    last_used_at timestamptz
);
create index authenticators_account on authenticators (account_id);

create table recovery_codes (
    account_id uuid not null references accounts (id),
    -- A keyed hash.
    hash       bytea not null,
    created_at timestamptz not null,
    used_at    timestamptz,
    primary key (account_id, hash)
);

-- The code that was sent last: one an account. It dies with its tries; the person does not.
create table sms_codes (
    account_id uuid primary key references accounts (id),
    mobile     text not null,
    mobile_country text not null,
    hash       bytea not null,
    sent_at    timestamptz not null,
    expires_at timestamptz not null,
    tries_left integer not null check (tries_left >= 0)
);

create table terms (
    document     text not null check (document in ('privacy', 'terms_of_use', 'mdm_aup')),
    version      integer not null check (version > 0),
    title        text not null,
    -- Markdown, as it was published; its SHA-256 is what an acceptance names.
    content      text not null,
    hash         bytea not null check (octet_length(hash) = 32),
    effective_at timestamptz not null,
    primary key (document, version)
);

create table acceptances (
    account_id  uuid not null references accounts (id),
    document    text not null,
    version     integer not null,
    hash        bytea not null,
    accepted_at timestamptz not null,
    primary key (account_id, document, version),
    foreign key (document, version) references terms (document, version)
);

-- Where to verify the login and where to go next: listed by an administrator.
create table service_links (
    position integer primary key,
    title    text not null,
    url      text not null,
    note     text not null default ''
);
insert into service_links (position, title, url, note) values
    (1, 'Docs portal (staging)', 'https://docs.stg.developer.tech.gov.sg/', 'To verify your TechPass login'),
    (2, 'Docs portal', 'https://docs.developer.tech.gov.sg/', 'Guides to the services that take TechPass');

create trigger terms_changed after insert or update or delete or truncate on terms
    for each statement execute function tell_directory_changed();
create trigger service_links_changed after insert or update or delete or truncate on service_links
    for each statement execute function tell_directory_changed();

alter table tokens drop constraint tokens_purpose_check,
    add constraint tokens_purpose_check check (purpose in ('accept', 'password', 'not_me'));

-- What happened is never changed and never taken away.
create function refuse_change_of_audit() returns trigger language plpgsql as $$
begin
    raise exception 'the audit trail is only ever added to';
end
$$;
create trigger audit_append_only before update or delete on audit
    for each row execute function refuse_change_of_audit();
create trigger audit_not_emptied before truncate on audit
    for each statement execute function refuse_change_of_audit();
