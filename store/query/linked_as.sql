SELECT outage_id, digest, started_at, ended_at FROM linked FINAL
