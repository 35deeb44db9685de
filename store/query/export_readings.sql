-- All posts of an outage, bots and providers included.
SELECT id, network, author, posted_at, lang, bot, author_service, toString(stance), support, venting, neutral,
    link_p[indexOf(outages, {outage:String})], evidence[indexOf(outages, {outage:String})], model, rules,
    sarcasm, target_people, target_company, target_situation, abstained, lang_read, gist, author_key, toUnixTimestamp(minute)
FROM readings FINAL
WHERE minute IN (SELECT minute FROM series FINAL WHERE outage_id = {outage:String} AND digest != 0)
    AND has(outages, {outage:String})
ORDER BY minute, post_key
