-- The rows of the series, of some minutes, that differ from what the readings
-- say now, with the version of the row that is stored. digest tells them apart:
-- that of equal rows cancels out, and that of a minute without posts is 0.
SELECT
    outage_id, minute, max(version) AS stored,
    toUInt32(sum(supports)), toUInt32(sum(ventings)), toUInt32(sum(neutrals)), toUInt32(sum(people)),
    groupBitXorIf(digest, version = 0)
FROM
(
    SELECT
        arrayJoin(outages) AS outage_id, minute, toUInt64(0) AS version,
        countIf(counts AND stance = 'support') AS supports,
        countIf(counts AND stance = 'venting') AS ventings,
        countIf(counts AND stance = 'neutral') AS neutrals,
        uniqExactIf(author_key, counts) AS people,
        groupBitXor(cityHash64(post_key, digest)) AS digest
    FROM
    (
        SELECT minute, post_key, outages, stance, author_key, digest, NOT bot AND author_service = '' AS counts
        FROM readings FINAL
        WHERE minute IN ({{minutes}})
    )
    GROUP BY outage_id, minute
    UNION ALL
    SELECT outage_id, minute, version, 0, 0, 0, 0, digest
    FROM series FINAL
    WHERE minute IN ({{minutes}})
)
GROUP BY outage_id, minute
HAVING groupBitXor(digest) != 0
