-- When what is known of an outage last changed, by the writer's clock; 1970 for
-- rows from before.
ALTER TABLE outages $ON_CLUSTER ADD COLUMN IF NOT EXISTS changed DateTime64(3, 'UTC')
