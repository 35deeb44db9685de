-- Where the posts with the keys {{keys}} stand, and whether they are marked deleted.
SELECT minute, post_key, toUInt64(max(deleted)) AS gone, toUInt64(0) AS author
FROM readings
WHERE post_key IN (SELECT key FROM {{keys}})
GROUP BY minute, post_key
