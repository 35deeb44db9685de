-- A fingerprint of the words of a linked post, by which copies are known after its
-- text is gone. 0 for short posts, and in rows from before.
ALTER TABLE readings $ON_CLUSTER
    ADD COLUMN IF NOT EXISTS gist UInt64 CODEC(NONE)
