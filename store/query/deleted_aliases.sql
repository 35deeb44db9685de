-- Where the posts of the aliases {{keys}} stand, and whether they are marked deleted.
SELECT minute, post_key, toUInt64((minute, post_key) IN (
    SELECT minute, post_key FROM readings WHERE deleted
        AND post_key IN (SELECT post_key FROM aliases WHERE alias_key IN (SELECT key FROM {{keys}})))) AS gone,
    toUInt64(0) AS author
FROM aliases
WHERE alias_key IN (SELECT key FROM {{keys}})
GROUP BY minute, post_key
