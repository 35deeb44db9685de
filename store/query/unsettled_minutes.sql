-- The minutes of which the series differs from what the readings say now.
SELECT DISTINCT toInt64(toUnixTimestamp(minute))
FROM
(
    SELECT outage_id, minute
    FROM
    (
        SELECT arrayJoin(outages) AS outage_id, minute, groupBitXor(cityHash64(post_key, digest)) AS digest
        FROM (SELECT minute, post_key, outages, digest FROM readings FINAL)
        GROUP BY outage_id, minute
        UNION ALL
        SELECT outage_id, minute, digest FROM series FINAL
    )
    GROUP BY outage_id, minute
    HAVING groupBitXor(digest) != 0
)
ORDER BY 1
