-- What an application does all day, so that the indexes it works with have been used. attendees_by_phone, made for a
-- search that nobody uses any more, is left out.

set role events_owner;
set enable_seqscan = off;
set enable_bitmapscan = on;

do $$
begin
    for n in 1 .. 25 loop
        perform from venues where id = n;
        perform from events where id = n;
        perform from events where starts_at between timestamptz 'epoch' and timestamptz 'epoch' + interval '1 day' * n;
        perform from events where tags @> '{music,food}';
        perform from events
            where int4range(venue_id, venue_id, '[]') && int4range(n, n, '[]')
                and tstzrange(starts_at, ends_at) && tstzrange(now(), now() + interval '1 hour');
        perform from attendees where lower(email) = 'nobody.' || n || '@example.org' and deleted_at is null;
        perform from attendees where search @@ to_tsquery('simple', 'nobody & ' || n);
        perform from registrations where id = n;
        perform from registrations where attendee_id = n;
        perform from payments where registration_id = n;
        perform from sessions where attendee_id = n;
        perform from sessions where expires_at < timestamptz 'epoch' + interval '1 day' * n;
        perform from data_processing_logs where attendee_id = n;
        perform from error_logs where category = 'none' and "timestamp" > timestamptz 'epoch';
        perform from performance_alerts where resolved_at is null and created_at < timestamptz 'epoch';
        perform from event_statistics where event_id = n;
    end loop;
end
$$;
