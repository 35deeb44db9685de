-- How many of an outage's posts have evidence of each kind: what stands before the
-- colon, or for the time the whole.
SELECT kind, count()
FROM (
    SELECT arrayDistinct(arrayMap(e -> if(startsWith(e, 'time:'), e, substringIndex(e, ':', 1)),
        splitByChar(';', evidence[indexOf(outages, {outage:String})]))) AS kinds
    FROM readings FINAL
    WHERE minute IN (SELECT minute FROM series FINAL WHERE outage_id = {outage:String} AND digest != 0)
        AND has(outages, {outage:String}) AND NOT bot AND author_service = ''
)
ARRAY JOIN kinds AS kind
WHERE kind != ''
GROUP BY kind
ORDER BY count() DESC, kind
