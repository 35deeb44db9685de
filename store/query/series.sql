SELECT toInt64(toUnixTimestamp(minute)), toUInt64(support), toUInt64(venting), toUInt64(neutral), toUInt64(authors)
FROM series FINAL
WHERE outage_id = {outage:String} AND support + venting + neutral > 0
    AND minute >= toDateTime({from:Int64}, 'UTC') AND minute < toDateTime({to:Int64}, 'UTC')
ORDER BY minute
LIMIT {most:Int64}
