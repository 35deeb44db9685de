-- Some outages, with what their providers sent.
SELECT id, version, service, service_name, title, started_at, ended_at, url, impact,
    components, update_at, update_status, update_text, source, demo,
    feed, feed_id, severity, regions, first_seen, last_seen, withdrawn_at, raw, suspected, merged_into, parent, changed
FROM outages FINAL
WHERE id IN {ids:Array(String)}
