-- The crowd of ten minutes that one in a hundred exceeds, by service; those without
-- posts count as well, so it is the n-th largest, n a hundredth of all.
WITH (
    SELECT greatest(1, toUInt64(ceil(0.01 * ({to:Int64} - toInt64(toUnixTimestamp(min(minute)))) / 600)))
    FROM readings WHERE minute >= toDateTime({from:Int64}, 'UTC')
) AS n
SELECT service, toUInt64(arrayElement(arrayReverseSort(groupArray(crowd)), n)) AS usual
FROM (
    SELECT service, ten, least(uniqExact(author_key), uniqExact(said)) AS crowd
    FROM (
        SELECT intDiv(toUnixTimestamp(minute), 600) AS ten, author_key, cityHash64(text) AS said, arrayJoin(troubled) AS service
        FROM readings FINAL
        WHERE minute >= toDateTime({from:Int64}, 'UTC') AND minute < toDateTime({to:Int64}, 'UTC')
            AND notEmpty(troubled) AND NOT bot AND author_service = ''
    )
    GROUP BY service, ten
)
GROUP BY service
HAVING usual > 0
ORDER BY service
