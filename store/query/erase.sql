ALTER TABLE readings DELETE
WHERE NOT deleted AND minute IN ({{minutes}}) AND post_key IN ({{keys}})
