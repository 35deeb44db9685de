-- Of the services that a post names, those that it says are in trouble.
ALTER TABLE readings $ON_CLUSTER
    ADD COLUMN IF NOT EXISTS troubled Array(LowCardinality(String))
