SELECT toDateTime(intDiv(toUnixTimestamp(minute), {step:UInt32}) * {step:UInt32}, 'UTC') AS at,
    network, source, toString(max(state)), toUInt64(sum(seen)), toUInt64(sum(kept)), toUInt64(sum(withheld))
FROM coverage FINAL
WHERE minute >= toDateTime({from:Int64}, 'UTC') AND minute <= toDateTime({to:Int64}, 'UTC')
    AND network != 'status' -- the watcher's rows: no posts
GROUP BY at, network, source
ORDER BY at, network, source
