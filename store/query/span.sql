-- The first and the last minute of an outage with posts that count.
SELECT toInt64(toUnixTimestamp(min(minute))), toInt64(toUnixTimestamp(max(minute))), count()
FROM series FINAL
WHERE outage_id = {outage:String} AND support + venting + neutral > 0
