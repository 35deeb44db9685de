-- The outages with posts.
SELECT DISTINCT outage_id FROM series FINAL WHERE digest != 0
