SELECT intDiv(toUnixTimestamp(minute), {step:UInt32}) * toInt64({step:UInt32}) AS at,
    countIf(stance = 'support'), countIf(stance = 'venting'), countIf(stance = 'neutral'), uniqExact(author_key)
FROM ({{linked}})
GROUP BY at
ORDER BY at
