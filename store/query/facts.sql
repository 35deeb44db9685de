SELECT model, count(), min(posted_at), max(posted_at) FROM ({{linked}}) GROUP BY model ORDER BY model
