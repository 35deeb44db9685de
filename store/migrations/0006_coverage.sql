-- What each source saw, minute by minute; the last word on a minute stands.
CREATE TABLE IF NOT EXISTS coverage $ON_CLUSTER
(
    minute  DateTime('UTC') CODEC(Delta, LZ4),
    source  LowCardinality(String),
    network LowCardinality(String),
    state   Enum8('live' = 1, 'replay' = 2, 'sample' = 3, 'gap' = 4),
    seen    UInt32,
    kept    UInt32
)
ENGINE = $REPLICATEDReplacingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, network, source)
