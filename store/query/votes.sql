-- What each post of an outage says, by author. Probabilities are in millionths;
-- a language that gets no row of its own is number 0.
SELECT author_key, toUnixTimestamp(minute),
    toUInt8(indexOf({networks:Array(String)}, network)), toUInt8(indexOf({langs:Array(String)}, tongue)),
    toUInt32(round(toFloat64(support) * 1000000)), toUInt32(round(toFloat64(venting) * 1000000)), toBool(unread), gist
FROM ({{linked}})
ORDER BY author_key, minute, post_key
