-- The role as which the portal works (docs/rules.md §8.9d): it does everything that the portal does, and can neither change nor
-- take away what stands in the audit trail. Whoever migrates owns the tables; the portal that serves puts itself on this role.
--
-- A function, for a role belongs to the whole server: where it may not be made here, somebody else makes it, and `portal migrate`
-- calls this again. Many databases of one server may be migrated at the same time.

create function let_portal_app_work() returns void language plpgsql as $$
declare
    here text := current_schema();
begin
    -- In this database one at a time: two that grant the same at once fail with "tuple concurrently updated".
    perform pg_advisory_xact_lock(hashtext('let_portal_app_work'));

    if not exists (select from pg_roles where rolname = 'portal_app') then
        begin
            create role portal_app nologin;
        exception
            when insufficient_privilege then
                raise notice 'the role portal_app is missing, and % may not make it', current_user;
                return;
            -- Another database of this server was faster.
            when duplicate_object or unique_violation then null;
        end;
    end if;

    -- Only where it is needed: since PostgreSQL 16, to be a member is not yet to be allowed to take the role.
    begin
        set local role portal_app;
        reset role;
    exception when insufficient_privilege then
        begin
            execute format('grant portal_app to %I', current_user);
        exception
            when insufficient_privilege then raise notice '% may not take the role portal_app', current_user;
            -- Another database of this server did the same at the same time.
            when internal_error or unique_violation then null;
        end;
    end;

    execute format('grant usage on schema %I to portal_app', here);
    execute format('grant select, insert, update, delete on all tables in schema %I to portal_app', here);
    execute format('grant usage, select on all sequences in schema %I to portal_app', here);
    execute format('alter default privileges in schema %I grant select, insert, update, delete on tables to portal_app', here);
    execute format('alter default privileges in schema %I grant usage, select on sequences to portal_app', here);

    revoke update, delete on audit, audit_seals, audit_sealed from portal_app;
    if to_regclass('_sqlx_migrations') is not null then
        revoke insert, update, delete on _sqlx_migrations from portal_app;
    end if;
end
$$;
revoke execute on function let_portal_app_work() from public;

select let_portal_app_work();
