SELECT toInt64(toUnixTimestamp(minute)), toUInt64(support), toUInt64(venting), toUInt64(neutral), toUInt64(authors)
FROM series FINAL
WHERE outage_id = {outage:String} AND support + venting + neutral > 0
ORDER BY minute
