-- The posts of an outage that may be copies of each other.
SELECT gist, author_key, toUnixTimestamp(minute) FROM ({{linked}}) WHERE gist != 0
