-- Who says, up to now, that a service is in trouble.
SELECT service,
    least(uniqExactIf(author_key, recent), uniqExactIf(said, recent)) AS crowd,
    least(uniqExact(author_key), uniqExact(said)),
    uniqExactIf(minute, recent),
    quantileExactLow(0.05)(posted_at), max(posted_at)
FROM (
    SELECT minute, minute > toDateTime({now:Int64} - 600, 'UTC') AS recent, author_key, cityHash64(text) AS said, posted_at, arrayJoin(troubled) AS service
    FROM readings FINAL
    WHERE minute > toDateTime({now:Int64} - 1800, 'UTC') AND minute <= toDateTime({now:Int64}, 'UTC')
        AND notEmpty(troubled) AND NOT bot AND author_service = ''
)
GROUP BY service
ORDER BY crowd DESC, service
