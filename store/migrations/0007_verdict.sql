-- More of what the model says. Rows from before have an empty lang_read: their
-- model did not say the rest, which is 0 then.
ALTER TABLE readings $ON_CLUSTER
    ADD COLUMN IF NOT EXISTS abstained        Bool,     -- no stance said: it is neutral then
    ADD COLUMN IF NOT EXISTS sarcasm          Float32,
    ADD COLUMN IF NOT EXISTS target_people    Float32,  -- whom the post blames, given that it vents; with the two
    ADD COLUMN IF NOT EXISTS target_company   Float32,  -- below they sum to 1
    ADD COLUMN IF NOT EXISTS target_situation Float32,
    ADD COLUMN IF NOT EXISTS lang_read        LowCardinality(String)  -- the language it was read in, 'und' for unknown
