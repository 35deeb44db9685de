-- What status feeds tell of their outages. feed and feed_id are unique together;
-- both are empty for outages of files. Times are 1970 where they are not known.
ALTER TABLE outages $ON_CLUSTER
    ADD COLUMN IF NOT EXISTS feed         LowCardinality(String),
    ADD COLUMN IF NOT EXISTS feed_id      String,
    ADD COLUMN IF NOT EXISTS severity     LowCardinality(String),  -- the provider's own word
    ADD COLUMN IF NOT EXISTS regions      Array(String),
    ADD COLUMN IF NOT EXISTS first_seen   DateTime64(6, 'UTC'),
    ADD COLUMN IF NOT EXISTS last_seen    DateTime64(6, 'UTC'),
    ADD COLUMN IF NOT EXISTS withdrawn_at DateTime64(6, 'UTC'),
    ADD COLUMN IF NOT EXISTS raw          String CODEC(ZSTD)       -- as the provider sent it
