SELECT DISTINCT key FROM tombstones WHERE key IN (SELECT key FROM {{keys}})
