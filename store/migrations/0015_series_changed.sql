-- When a row of the series last became other than it was, by the writer's clock;
-- 1970 for rows from before.
ALTER TABLE series $ON_CLUSTER ADD COLUMN IF NOT EXISTS changed DateTime64(3, 'UTC')
