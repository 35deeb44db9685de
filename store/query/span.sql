-- The first and the last minute of an outage with posts that count, and when its
-- series last changed.
SELECT toInt64(toUnixTimestamp(minIf(minute, said))), toInt64(toUnixTimestamp(maxIf(minute, said))), countIf(said), max(changed)
FROM (SELECT minute, changed, support + venting + neutral > 0 AS said FROM series FINAL WHERE outage_id = {outage:String})
