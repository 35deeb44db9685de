-- How many posts of each minute another model has read: with a text, and without.
SELECT minute, countIf(readable) AS kept, countIf(NOT readable)
FROM (SELECT minute, model, text != '' AND collected > now() - INTERVAL 30 DAY AS readable FROM readings FINAL)
WHERE model != {model:String}
GROUP BY minute
ORDER BY minute
