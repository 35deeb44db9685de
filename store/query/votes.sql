-- What each post of an outage says, by author. Probabilities are in millionths.
SELECT author_key, toUnixTimestamp(minute), toUInt8(indexOf({networks:Array(String)}, network)), tongue,
    toUInt32(round(toFloat64(support) * 1000000)), toUInt32(round(toFloat64(venting) * 1000000)), toBool(unread), gist, toInt8(stance)
FROM ({{linked}})
ORDER BY author_key, minute, post_key
