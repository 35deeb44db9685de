-- The posts of an outage that count: not those of bots, nor of providers.
SELECT minute, post_key, author_key, network, lower(substringIndex(substringIndex(lang, '-', 1), '_', 1)) AS tongue,
    stance, support, venting, model, posted_at
FROM readings FINAL
WHERE minute IN (SELECT minute FROM series FINAL WHERE outage_id = {outage:String} AND digest != 0)
    AND has(outages, {outage:String}) AND NOT bot AND author_service = ''
