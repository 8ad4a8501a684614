-- Rows by arithmetic alone: the same :'today' and :scale give the same bytes. Nothing asks for the time or for chance.
-- :scale is the share of production's size, 1 for production.

set role events_owner;
set timezone = 'UTC';
set synchronous_commit = off;

-- Evenly spread over 0 ..< size, and another one for each salt. It is the hash that hash partitions are made with, so
-- no release of the server may change it.
create function pg_temp.pick(n bigint, salt integer, size bigint) returns bigint
language sql immutable parallel safe
return (hashint8extended(n, salt) & 9223372036854775807) % size;

-- One of the words.
create function pg_temp.word(n bigint, salt integer, words text[]) returns text
language sql immutable parallel safe
return words[1 + pg_temp.pick(n, salt, cardinality(words))];

select
    greatest(4, (40 * :scale)::int) as venue_count,
    greatest(20, (600 * :scale)::int) as event_count,
    (40000 * :scale)::int as attendee_count,
    (120000 * :scale)::int as registration_count,
    (24000 * :scale)::int as session_count,
    (50000 * :scale)::int as processing_count,
    (24000 * :scale)::int as error_count,
    (3000 * :scale)::int as alert_count
\gset

insert into venues (name, street, postal_code, city, country, capacity, facilities, opening_hours, position)
select
    pg_temp.word(n, 1, '{Old,New,Grand,Little,Royal,Open}') || ' '
        || pg_temp.word(n, 2, '{Hall,Theatre,Arena,Library,Brewery,Station,Garden}') || ' ' || n,
    pg_temp.word(n, 3, '{Harbour,Market,Church,Mill,Castle,River}') || ' Street ' || 1 + pg_temp.pick(n, 4, 180),
    lpad((10000 + pg_temp.pick(n, 5, 89999))::text, 5, '0'),
    (array['Berlin', 'Hamburg', 'Köln', 'Wien', 'Zürich', 'Kraków'])[1 + n % 6],
    (array['DE', 'DE', 'DE', 'AT', 'CH', 'PL'])[1 + n % 6],
    50 + pg_temp.pick(n, 6, 40) * 25,
    (array['wheelchair access', 'parking', 'kitchen', 'stage', 'projector'])[1:1 + pg_temp.pick(n, 7, 5)::int],
    jsonb_build_object('mon-fri', jsonb_build_array('08:00', '22:00'), 'sat', jsonb_build_array('10:00', '23:00')),
    point(6 + pg_temp.pick(n, 8, 15000) / 1000.0, 46 + pg_temp.pick(n, 9, 8000) / 1000.0)
from generate_series(1, :venue_count) as n;

-- A venue holds one event at a time: its events lie whole days apart.
insert into events (venue_id, title, description, starts_at, ends_at, capacity, price, tags, settings, updated_at)
select
    1 + n % :venue_count,
    pg_temp.word(n, 1, '{Introduction to,Advanced,The Art of,Evening of,Workshop:,Festival of}') || ' '
        || pg_temp.word(n, 2, '{Jazz,Databases,Cheese,Street Photography,Beekeeping,Chess,Poetry,Robotics}'),
    case when n % 9 <> 0 then repeat('What to expect, whom to meet and what to bring. ', 1 + (n % 7)::int) end,
    starts_at,
    starts_at + interval '30 min' * (2 + pg_temp.pick(n, 4, 10)),
    20 + pg_temp.pick(n, 5, 40) * 10,
    pg_temp.pick(n, 6, 20) * 5,
    array(
        select distinct pg_temp.word(n, salt, '{music,food,technology,outdoor,family,evening}')
        from generate_series(7, 9) as salt),
    jsonb_build_object(
        'waitlist', n % 3 = 0, 'reminders', jsonb_build_array(7, 1),
        'language', case n % 4 when 0 then 'en' else 'de' end),
    starts_at - interval '60 days'
from generate_series(1, :event_count) as n,
    lateral (
        select :'today'::date::timestamptz + interval '60 days'
            - interval '1 day' * (n / :venue_count * 40 % 730 + n % 7)
            + interval '1 hour' * (9 + pg_temp.pick(n, 3, 8))
    ) as s (starts_at);

insert into attendees (
    public_id, given_name, family_name, email, phone, date_of_birth, street, postal_code, city, country, dietary_needs,
    preferences, created_at, deleted_at)
select
    md5('attendee ' || n)::uuid,
    given,
    family,
    translate(lower(given || '.' || family), 'äöüłñıßż', 'aoulnisz') || '.' || n || '@'
        || pg_temp.word(n, 3, '{example.org,example.com,example.net}'),
    case when n % 5 <> 0 then '+49 30 23125' || lpad(pg_temp.pick(n, 4, 1000)::text, 3, '0') end,
    case when n % 3 = 0 then date '1945-01-01' + pg_temp.pick(n, 5, 22000)::int end,
    pg_temp.word(n, 6, '{Linden,Birken,Garten,Schul,Berg,See}') || 'weg ' || 1 + pg_temp.pick(n, 7, 120),
    lpad((1000 + pg_temp.pick(n, 8, 90000))::text, 5, '0'),
    pg_temp.word(n, 9, '{Berlin,Hamburg,Köln,Leipzig,Wien,Graz,Zürich,Kraków}'),
    pg_temp.word(n, 10, '{DE,DE,DE,AT,CH,PL}'),
    case n % 11 when 0 then 'vegan' when 1 then 'no nuts' when 2 then 'halal' end,
    jsonb_build_object('newsletter', n % 2 = 0, 'language', pg_temp.word(n, 11, '{de,en,pl}'),
        'interests', jsonb_build_array(pg_temp.word(n, 12, '{music,food,technology}'))),
    joined,
    case when n % 67 = 0 then joined + interval '90 days' end
from generate_series(1, :attendee_count) as n,
    lateral (
        select
            pg_temp.word(n, 1, '{Anna,Ben,Clara,Deniz,Elif,Felix,Grażyna,Hanna,Jörg,Käthe,Łukasz,Noah,Özlem,Paul}'),
            pg_temp.word(n, 2, '{Schmidt,Müller,Yılmaz,Nowak,Weiß,Peña,Okafor,Nguyen,O''Brien,Lindström,Rossi}'),
            :'today'::date::timestamptz - interval '1 minute' * (100000 + pg_temp.pick(n, 13, 1200000))
    ) as p (given, family, joined);

-- An attendee registers for consecutive events, so that nobody does it twice for the same.
insert into registrations (
    event_id, attendee_id, status, seats, answers, labels, registered_at, cancelled_at, updated_at)
select
    1 + (pg_temp.pick(attendee, 20, :event_count) + (n - 1) / :attendee_count) % :event_count,
    attendee,
    status,
    1 + (n % 17 = 0)::int,
    case when n % 4 = 0 then jsonb_build_object('heard_from', pg_temp.word(n, 21, '{friend,poster,web search}')) end,
    case when n % 40 = 0 then array['speaker'] when n % 25 = 0 then array['press', 'guest'] else '{}' end,
    registered_at,
    case when status = 'cancelled' then registered_at + interval '3 days' end,
    registered_at + interval '3 days'
from generate_series(1::bigint, :registration_count) as n,
    lateral (
        select
            1 + (n - 1) % :attendee_count,
            (case pg_temp.pick(n, 22, 10)
                when 0 then 'pending' when 1 then 'cancelled' when 2 then 'waitlisted'
                when 3 then 'confirmed' when 4 then 'confirmed' else 'attended' end)::registration_status,
            :'today'::date::timestamptz - interval '1 minute' * (8000 + pg_temp.pick(n, 23, 1000000))
    ) as r (attendee, status, registered_at);

insert into payments (
    registration_id, amount, currency, method, card_last_four, provider_reference, paid_at, refunded_at)
select
    r.id,
    e.price * r.seats,
    case when r.id % 29 = 0 then 'CHF' else 'EUR' end,
    method,
    case when method = 'card' then lpad(pg_temp.pick(r.id, 31, 10000)::text, 4, '0') end,
    'pay_' || substr(md5('payment ' || r.id), 1, 20),
    r.registered_at + interval '5 minutes',
    case when r.status = 'cancelled' then r.cancelled_at + interval '1 day' end
from registrations as r
    join events as e on e.id = r.event_id,
    lateral (select pg_temp.word(r.id, 30, '{card,card,card,transfer,direct debit,voucher}')) as m (method)
where e.price > 0 and r.status in ('confirmed', 'attended', 'cancelled')
order by r.id;

insert into sessions (id, attendee_id, ip_address, user_agent, data, created_at, last_seen_at, expires_at)
select
    md5('session ' || n)::uuid,
    1 + pg_temp.pick(n, 40, :attendee_count),
    '198.51.100.0'::inet + pg_temp.pick(n, 41, 256),
    pg_temp.word(n, 42, '{Firefox 132,Safari 18,Chrome 130,Edge 130}'),
    jsonb_build_object('cart', pg_temp.pick(n, 43, 4)),
    begun,
    begun + interval '1 minute' * pg_temp.pick(n, 44, 600),
    begun + interval '14 days'
from generate_series(1, :session_count) as n,
    lateral (
        select :'today'::date::timestamptz - interval '1 minute' * (700 + pg_temp.pick(n, 45, 50000))
    ) as s (begun);

insert into user_consents (attendee_id, purpose, policy_version, is_granted, granted_at, withdrawn_at, evidence)
select
    a.id,
    purpose,
    1 + (a.id % 3)::smallint,
    not (purpose <> 'terms' and a.id % 7 = 0),
    case when not (purpose <> 'terms' and a.id % 7 = 0) then a.created_at end,
    case when purpose <> 'terms' and a.id % 23 = 1 and a.id % 7 <> 0 then a.created_at + interval '200 days' end,
    jsonb_build_object('form', 'signup', 'version', 1 + a.id % 3)
from attendees as a cross join unnest(array['terms', 'newsletter', 'photography']) as purpose
where purpose <> 'photography' or a.id % 4 = 0
order by a.id, purpose;

insert into data_processing_logs (attendee_id, operation, legal_basis, processed_by, details, created_at)
select
    1 + pg_temp.pick(n, 50, :attendee_count),
    pg_temp.word(n, 51, '{access,export,rectification,ticket print,invoice,newsletter}'),
    pg_temp.word(n, 52, '{contract,consent,legal obligation}'),
    pg_temp.word(n, 53, '{web,backoffice,newsletter-worker}'),
    jsonb_build_object(
        'fields', jsonb_build_array('email', 'family_name'), 'request', substr(md5('request ' || n), 1, 12)),
    :'today'::date::timestamptz - interval '1 minute' * pg_temp.pick(n, 54, 1000000)
from generate_series(1, :processing_count) as n;

insert into error_logs ("timestamp", severity, category, message, stack, context)
select
    :'today'::date::timestamptz - interval '1 minute' * pg_temp.pick(n, 60, 150000),
    pg_temp.word(n, 61, '{low,low,low,medium,medium,high}')::severity_level,
    category,
    case category
        when 'authentication' then 'sign-in failed for session ' || substr(md5('session ' || n), 1, 8)
        when 'payment' then 'provider answered 502 after ' || 1000 + pg_temp.pick(n, 63, 9000) || ' ms'
        when 'mail' then 'mailbox unavailable (550)'
        else 'timeout while rendering /events/' || 1 + pg_temp.pick(n, 64, :event_count)
    end,
    case when n % 6 = 0 then
        E'TimeoutError: no answer within 5000 ms\n  at Pool.acquire (pool.js:118)\n  at handler (events.js:44)'
    end,
    jsonb_build_object('host', 'web-' || 1 + n % 3, 'release', '4.' || 10 + n % 9)
from generate_series(1, :error_count) as n,
    lateral (select pg_temp.word(n, 62, '{authentication,payment,mail,rendering}')) as c (category);

insert into performance_alerts (metric, value, threshold, severity, labels, created_at, resolved_at)
select
    metric,
    80 + pg_temp.pick(n, 71, case when metric like '%percent' then 200 else 40000 end) / 10.0,
    80,
    pg_temp.word(n, 72, '{low,medium,medium,high}')::severity_level,
    array['web-' || 1 + n % 3],
    raised,
    case when n % 50 <> 0 then raised + interval '1 minute' * (1 + pg_temp.pick(n, 73, 90)) end
from generate_series(1, :alert_count) as n,
    lateral (
        select
            pg_temp.word(n, 70, '{response_time_ms,cpu_percent,memory_percent,queue_length}'),
            :'today'::date::timestamptz - interval '1 minute' * pg_temp.pick(n, 74, 86000)
    ) as a (metric, raised);
