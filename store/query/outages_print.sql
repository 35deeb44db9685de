-- A number that changes whenever an outage is new or other than before.
SELECT groupBitXor(cityHash64(id, version)) FROM outages FINAL
