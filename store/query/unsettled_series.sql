-- How many rows changed_series would find: the short form of it.
SELECT count()
FROM
(
    SELECT outage_id, minute
    FROM
    (
        SELECT arrayJoin(outages) AS outage_id, minute, groupBitXor(cityHash64(post_key, digest)) AS digest
        FROM (SELECT minute, post_key, outages, digest FROM readings FINAL WHERE minute IN ({{minutes}}))
        GROUP BY outage_id, minute
        UNION ALL
        SELECT outage_id, minute, digest FROM series FINAL WHERE minute IN ({{minutes}})
    )
    GROUP BY outage_id, minute
    HAVING groupBitXor(digest) != 0
)
