SELECT intDiv(toUnixTimestamp(minute), {step:UInt32}) * toInt64({step:UInt32}) AS at,
    countIf(stance = 'support'), countIf(stance = 'venting'), countIf(stance = 'neutral'), uniqExact(author_key)
FROM ({{linked}})
WHERE minute >= toDateTime({from:Int64}, 'UTC') AND minute < toDateTime({to:Int64}, 'UTC')
GROUP BY at
ORDER BY at
LIMIT {most:Int64}
