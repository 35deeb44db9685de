-- Which linked posts have no vote, and what linked them.
SELECT countIf(NOT bot AND author_service = ''),
    countIf(bot), uniqExactIf(author_key, bot),
    countIf(NOT bot AND author_service != ''), uniqExactIf(author_key, NOT bot AND author_service != ''),
    countIf(unread), uniqExactIf(author_key, unread),
    arraySort(groupUniqArray(rules))
FROM
(
    SELECT author_key, bot, author_service, toString(rules) AS rules,
        NOT bot AND author_service = '' AND abstained AND neutral = 1 AS unread
    FROM readings FINAL
    WHERE minute IN (SELECT minute FROM series FINAL WHERE outage_id = {outage:String} AND digest != 0)
        AND has(outages, {outage:String})
)
