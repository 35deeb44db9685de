-- Outages that no provider told of, and what they turned out to be.
ALTER TABLE outages $ON_CLUSTER
    ADD COLUMN IF NOT EXISTS suspected   Bool,
    ADD COLUMN IF NOT EXISTS merged_into String
