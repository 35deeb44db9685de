-- The time series: one row a minute of an outage in which it has posts, computed
-- from the readings, never counted up. Bots and providers' own accounts are left
-- out of the figures (a minute with only such posts has a row of zeros). Read it
-- with FINAL and WHERE digest != 0.
CREATE TABLE IF NOT EXISTS series $ON_CLUSTER
(
    outage_id LowCardinality(String),
    minute    DateTime('UTC') CODEC(Delta, LZ4),
    version   UInt64,        -- one more than that of the row it replaces
    support   UInt32,        -- distinct posts by their most probable stance
    venting   UInt32,
    neutral   UInt32,
    authors   UInt32,        -- distinct within the minute
    digest    UInt64         -- of the readings behind the row; 0: there are none any more
)
ENGINE = $REPLICATEDReplacingMergeTree(version)
PARTITION BY toYYYYMM(minute)
ORDER BY (outage_id, minute)
