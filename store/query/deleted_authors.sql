-- Where the posts of the authors {{keys}} stand. A mark keeps the author's hash,
-- so that a repeated batch finds the same minutes.
SELECT minute, post_key, toUInt64(max(deleted)) AS gone, any(author_key) AS author
FROM readings
WHERE author_key IN (SELECT key FROM {{keys}})
GROUP BY minute, post_key
