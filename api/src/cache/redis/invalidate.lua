-- Forgets a value, refuses those that are being fetched, and tells every node. ARGV: token, its life (seconds), channel, message
-- The deletion comes first: a server that is full refuses a script's other writes until it has written.
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
return redis.call('PUBLISH', ARGV[3], ARGV[4])
