-- The posts of an outage that count: not those of bots, nor of providers. Of an
-- unread one the model does not know the language: it is neutral, but no vote.
SELECT minute, post_key, author_key, network, lower(substringIndex(substringIndex(lang, '-', 1), '_', 1)) AS tongue,
    stance, support, venting, model, posted_at, abstained,
    abstained AND neutral = 1 AS unread, stance = 'venting' AND target_people + target_company + target_situation > 0.5 AS blames,
    sarcasm, target_people, target_company, target_situation, gist,
    arrayFilter(kind -> kind != '', arrayDistinct(arrayMap(e -> if(startsWith(e, 'time:'), e, substringIndex(e, ':', 1)),
        splitByChar(';', evidence[indexOf(outages, {outage:String})])))) AS kinds
FROM readings FINAL
WHERE minute IN (SELECT minute FROM series FINAL WHERE outage_id = {outage:String} AND digest != 0)
    AND has(outages, {outage:String}) AND NOT bot AND author_service = ''
