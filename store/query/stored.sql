-- What is stored of the posts {{keys}}: whether they are deleted, the latest
-- version, its digest (only one if digests is 1), and when the first was collected.
SELECT
    post_key,
    max(deleted) AS gone,
    maxIf(version, NOT deleted) AS latest,
    argMax(digest, version) AS last_digest,
    uniqExact(digest) AS digests,
    minIf(collected, NOT deleted) AS first_collected
FROM readings
WHERE minute IN ({{minutes}}) AND post_key IN (SELECT key FROM {{keys}})
GROUP BY post_key
