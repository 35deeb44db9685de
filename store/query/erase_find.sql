-- Posts of which a version is still on the disk beside the mark of their deletion.
SELECT DISTINCT minute, post_key
FROM readings
WHERE NOT deleted AND (minute, post_key) IN (SELECT minute, post_key FROM readings WHERE deleted)
LIMIT 100000
