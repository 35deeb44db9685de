-- What was deleted: hashes of posts, aliases and authors, nothing else. A set:
-- it only grows, and the order in which it grew does not matter.
CREATE TABLE IF NOT EXISTS tombstones $ON_CLUSTER
(
    key UInt64 CODEC(NONE)
)
ENGINE = $REPLICATEDReplacingMergeTree
ORDER BY key
SETTINGS index_granularity = 1024
