SELECT id, version, service, service_name, title, started_at, ended_at, url, impact,
    components, update_at, update_status, update_text, source, demo, parent
FROM outages FINAL
WHERE id = {id:String}
