-- The outage that one fell with, if it did: a cascade.
ALTER TABLE outages $ON_CLUSTER
    ADD COLUMN IF NOT EXISTS parent String
