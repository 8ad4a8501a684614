-- Keys, indexes, views, functions, triggers and rights, after the data.

set role events_owner;
set maintenance_work_mem = '64MB';

alter table venues add primary key (id), add constraint venues_name_key unique (name);
alter table events
    add primary key (id),
    add foreign key (venue_id) references venues,
    add constraint events_one_at_a_time exclude using gist (
        int4range(venue_id, venue_id, '[]') with &&, tstzrange(starts_at, ends_at) with &&);
alter table attendees add primary key (id), add constraint attendees_public_id_key unique (public_id);
alter table registrations
    add primary key (id),
    add constraint registrations_ticket_number_key unique (ticket_number),
    add constraint registrations_once unique (event_id, attendee_id),
    add foreign key (event_id) references events,
    add foreign key (attendee_id) references attendees on delete cascade;
alter table payments add primary key (id);
alter table sessions add primary key (id), add foreign key (attendee_id) references attendees on delete cascade;
alter table user_consents
    add primary key (id),
    add constraint user_consents_once unique (attendee_id, purpose, policy_version),
    add foreign key (attendee_id) references attendees on delete cascade,
    add constraint user_consents_when check (is_granted = (granted_at is not null));
alter table data_processing_logs
    add primary key (id), add foreign key (attendee_id) references attendees on delete set null;
alter table error_logs add primary key (id, "timestamp");
alter table performance_alerts add primary key (id);

create unique index attendees_email on attendees (lower(email)) where deleted_at is null;
create index attendees_search on attendees using gin (search);
create index attendees_by_phone on attendees (phone);
create index events_by_start on events (starts_at);
create index events_by_tag on events using gin (tags);
create index registrations_by_attendee on registrations (attendee_id);
create index payments_by_registration on payments (registration_id);
create index sessions_by_attendee on sessions (attendee_id);
create index sessions_by_expiry on sessions (expires_at);
create index data_processing_logs_by_attendee on data_processing_logs (attendee_id, created_at desc);
create index error_logs_by_category on error_logs (category, "timestamp");
create index performance_alerts_open on performance_alerts (created_at) where resolved_at is null;

create statistics attendees_place (dependencies, ndistinct) on city, country from attendees;

create view upcoming_events as
select e.id, e.title, v.name as venue, v.city, e.starts_at, e.capacity
from events as e join venues as v on v.id = e.venue_id
where e.starts_at > now();

create view attendee_registrations with (security_barrier) as
select r.ticket_number, a.given_name, a.family_name, e.title, e.starts_at, r.status
from registrations as r join attendees as a on a.id = r.attendee_id join events as e on e.id = r.event_id
where a.deleted_at is null;

create materialized view event_statistics as
select
    e.id as event_id,
    e.title,
    count(r.id) as registration_count,
    count(r.id) filter (where r.status = 'attended') as attended_count,
    coalesce(sum(p.amount) filter (where p.refunded_at is null), 0) as revenue
from events as e
    left join registrations as r on r.event_id = e.id
    left join payments as p on p.registration_id = r.id
group by e.id, e.title;
create unique index event_statistics_event on event_statistics (event_id);
comment on materialized view event_statistics is 'refreshed every night';

create function set_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end
$$;
create trigger events_updated before update on events for each row execute function set_updated_at();
create trigger registrations_updated before update on registrations for each row execute function set_updated_at();

create procedure purge_expired_sessions(before timestamptz) language sql
begin atomic
    delete from sessions where expires_at < before;
end;

alter table attendees enable row level security;
create policy attendees_not_deleted on attendees to events_app using (deleted_at is null);

grant usage on schema public to events_app, events_reporting;
grant select, insert, update, delete on all tables in schema public to events_app;
grant usage on all sequences in schema public to events_app;
grant execute on procedure purge_expired_sessions to events_app;
revoke update, delete on data_processing_logs, user_consents from events_app;
grant select on venues, events, upcoming_events, event_statistics, performance_alerts to events_reporting;
grant select (id, city, country, created_at) on attendees to events_reporting;
alter default privileges in schema public grant select, insert, update, delete on tables to events_app;
