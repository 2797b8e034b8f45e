-- Forgets a value, takes the lease of those that are being fetched away, and tells every node. Nothing is written, so
-- that a server that is full does it too. ARGV: channel, message
redis.call('DEL', KEYS[1], KEYS[2])
return redis.call('PUBLISH', ARGV[1], ARGV[2])
