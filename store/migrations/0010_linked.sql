-- As what an outage all stored posts in its reach were linked, so that a process
-- that was killed between the two knows what is still to be linked again.
CREATE TABLE IF NOT EXISTS linked $ON_CLUSTER
(
    outage_id  String,
    digest     UInt64,                  -- of what links depend on
    started_at DateTime64(6, 'UTC'),
    ended_at   DateTime64(6, 'UTC')     -- 1970 if it was open
)
ENGINE = $REPLICATEDReplacingMergeTree
ORDER BY outage_id
