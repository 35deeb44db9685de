-- Why nothing was seen, and how many posts were left out since their authors
-- opted out.
ALTER TABLE coverage $ON_CLUSTER
    MODIFY COLUMN state Enum8('live' = 1, 'replay' = 2, 'sample' = 3, 'gap' = 4, 'stalled' = 5, 'clamped' = 6, 'budget' = 7),
    ADD COLUMN IF NOT EXISTS withheld UInt32
