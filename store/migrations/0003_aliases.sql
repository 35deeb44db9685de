-- Where to find the posts of an alias. One post may have several: each server of
-- a federation gives it its own. A set that only grows, of hashes.
CREATE TABLE IF NOT EXISTS aliases $ON_CLUSTER
(
    alias_key UInt64 CODEC(NONE),
    minute    DateTime('UTC'),
    post_key  UInt64 CODEC(NONE)
)
ENGINE = $REPLICATEDReplacingMergeTree
ORDER BY (alias_key, minute, post_key)
SETTINGS index_granularity = 1024
