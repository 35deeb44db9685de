-- What the watcher's rounds of each status page came to, and the last of them.
SELECT source, argMax(toString(state), minute), max(minute), count(), countIf(state IN ('live', 'replay', 'sample'))
FROM coverage FINAL
WHERE network = 'status' AND minute >= toDateTime({from:Int64}, 'UTC') AND minute <= toDateTime({to:Int64}, 'UTC')
GROUP BY source
ORDER BY source
