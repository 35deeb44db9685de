-- What a glance at the posts gives, by model. The sums are in millionths, so that
-- their order does not matter. Evidence is counted by its kind: what stands before the
-- colon, or for the time the whole.
SELECT model, count(), min(posted_at), max(posted_at), countIf(abstained), countIf(blames),
    sumIf(toUInt64(round(toFloat64(target_people) * 1000000)), blames),
    sumIf(toUInt64(round(toFloat64(target_company) * 1000000)), blames),
    sumIf(toUInt64(round(toFloat64(sarcasm) * 1000000)), blames),
    (sumMap(kinds, arrayMap(kind -> toUInt64(1), kinds)) AS found).1, found.2
FROM ({{linked}})
GROUP BY model
ORDER BY model
