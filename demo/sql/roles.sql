-- Who there is on the demo's cluster. Mainstay's own role is no superuser: it works through its memberships.
-- :'password' is mainstay's, given on standard input.

create role events_owner nologin;
create role events_app nologin;
create role events_reporting nologin;

create role mainstay login bypassrls password :'password';
comment on role events_owner is 'owns the application''s tables, views and functions';
comment on role events_app is 'what the application may do';
comment on role events_reporting is 'reads what holds no personal data';
comment on role mainstay is 'maintenance: analyzes and verifies what events_owner owns, sees all statistics';

grant events_owner, pg_monitor, pg_signal_backend to mainstay;
-- What a survey reads has to be all of it: a table with row security is an error for a role that would see a part.
alter role mainstay set statement_timeout = '10min';
