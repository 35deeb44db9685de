SELECT id, version, service, service_name, title, started_at, ended_at, url, impact,
    components, update_at, update_status, update_text, source, demo,
    feed, feed_id, severity, regions, first_seen, last_seen, withdrawn_at, '', suspected, merged_into, parent, changed
FROM outages FINAL
ORDER BY started_at DESC, id
