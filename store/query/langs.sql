SELECT tongue, uniqExact(author_key) FROM ({{linked}}) GROUP BY tongue
