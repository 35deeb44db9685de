-- A fingerprint of all readings of some outages: equal as long as their figures are.
SELECT outage_id, groupBitXor(cityHash64(minute, digest))
FROM series FINAL
WHERE outage_id IN {outages:Array(String)} AND digest != 0
GROUP BY outage_id
