-- What went wrong over the years, told as it happens. Runs last, after ANALYZE. :production is true there; :troubled is
-- true there and in the environment that was restored from it.

set role events_owner;
set timezone = 'UTC';
set synchronous_commit = off;

\if :production
-- The payments of the old shop came with a dump in which three registrations were missing. The foreign key was added
-- NOT VALID so that the deployment could go on, and nobody came back to it.
insert into payments (registration_id, amount, method, provider_reference, paid_at)
select 9000000 + n, 25.00, 'transfer', 'old-shop-' || n, :'today'::date::timestamptz - interval '400 days'
from generate_series(1, 3) as n;
alter table payments add constraint payments_registration_id_fkey
    foreign key (registration_id) references registrations not valid;
\else
alter table payments add constraint payments_registration_id_fkey
    foreign key (registration_id) references registrations;
\endif

\if :troubled
-- Autovacuum was turned off for the import, and never on again: half of the sessions are newer than the statistics the
-- planner works with.
alter table sessions set (autovacuum_enabled = off);
insert into sessions (id, attendee_id, ip_address, user_agent, created_at, last_seen_at, expires_at)
select
    md5('app ' || id)::uuid, attendee_id, ip_address, 'Mobile App 7', created_at, last_seen_at,
    :'today'::date::timestamptz + interval '14 days'
from sessions
order by id;

-- Somebody set these thresholds high, and then a season's registrations were marked as attended.
alter table registrations set (autovacuum_analyze_scale_factor = 0.8, autovacuum_vacuum_scale_factor = 0.8);
alter table registrations disable trigger registrations_updated;
update registrations set status = 'attended' where status = 'confirmed';
alter table registrations enable trigger registrations_updated;
\endif
