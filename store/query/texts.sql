SELECT id, network, alias, author, author_service, bot, posted_at, edited_at, lang, text, urls, reply_to, source
FROM readings FINAL
WHERE minute >= toStartOfMinute(fromUnixTimestamp64Micro({from:Int64}, 'UTC')) AND minute <= fromUnixTimestamp64Micro({to:Int64}, 'UTC')
    AND posted_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND posted_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
    AND text != '' AND collected > now() - INTERVAL 30 DAY
    AND ({except:String} = '' OR model != {except:String})
ORDER BY minute, post_key
