-- Leases a key to a fill: its value is taken for as long as this token is there. Fills under way at once share it.
-- ARGV: a new token, its life (seconds)
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2])
return redis.call('GET', KEYS[1])
