-- One row a post: its latest version, and what hugops made of it. A post's minute
-- never changes, so (minute, post_key) is its place for ever; version orders its
-- versions, and a deletion is the version that nothing can overtake.
CREATE TABLE IF NOT EXISTS readings $ON_CLUSTER
(
    minute         DateTime('UTC') CODEC(Delta, LZ4),
    post_key       UInt64 CODEC(NONE),             -- SHA-256 of network and id, its first 64 bits
    version        UInt64 CODEC(Delta, LZ4),       -- Post.Version; the largest number for deleted
    deleted        UInt8,
    digest         UInt64 CODEC(NONE),             -- of everything below: equal rows are not written twice
    collected      DateTime('UTC') CODEC(Delta, LZ4),
    network        LowCardinality(String),
    id             String,
    alias          String,
    author         String,                         -- a pseudonym
    author_key     UInt64 CODEC(NONE),
    author_service LowCardinality(String),
    bot            Bool,
    posted_at      DateTime64(6, 'UTC') CODEC(Delta, LZ4),
    edited_at      DateTime64(6, 'UTC'),           -- 1970 for posts that never were
    lang           LowCardinality(String),
    text           String CODEC(LZ4) TTL collected + INTERVAL 30 DAY,
    urls           Array(String) TTL collected + INTERVAL 30 DAY,
    reply_to       String,
    source         LowCardinality(String),
    support        Float32,
    venting        Float32,
    neutral        Float32,
    stance         Enum8('support' = 1, 'venting' = 2, 'neutral' = 3),
    model          LowCardinality(String),
    rules          LowCardinality(String),
    services       Array(LowCardinality(String)),
    outages        Array(LowCardinality(String)),  -- with the two arrays below: the links
    link_p         Array(Float32),
    evidence       Array(String),                  -- each link's, joined by ';'
    INDEX by_post post_key TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = $REPLICATEDReplacingMergeTree(version, deleted)
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, post_key)
