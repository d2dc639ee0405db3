\set n random(1, 9000000000000000)
begin;
insert into bare.accounts (id, email, status, created_at) values (md5('a' || :n::bigint)::uuid, 'load-' || :n::bigint || '@tech.gov.sg', 'pending', now());
insert into bare.tokens (hash, account_id, expires_at) values (sha256((:n::bigint)::text::bytea), md5('a' || :n::bigint)::uuid, now() + interval '30 days');
insert into bare.outbox (id, recipient, body, created_at) values (md5('o' || :n::bigint)::uuid, 'load-' || :n::bigint || '@tech.gov.sg', convert_to(repeat('x', 200), 'UTF8'), now());
commit;
