CREATE TABLE IF NOT EXISTS outages $ON_CLUSTER
(
    id            String,
    version       UInt64,                  -- one more than that of the row it replaces
    service       LowCardinality(String),
    service_name  String,
    title         String,
    started_at    DateTime64(6, 'UTC'),
    ended_at      DateTime64(6, 'UTC'),    -- 1970 while it is open
    url           String,
    impact        LowCardinality(String),
    components    Array(String),
    update_at     Array(DateTime64(6, 'UTC')),
    update_status Array(String),
    update_text   Array(String),
    source        String,
    demo          Bool
)
ENGINE = $REPLICATEDReplacingMergeTree(version)
ORDER BY id
