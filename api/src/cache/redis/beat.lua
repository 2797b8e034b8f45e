-- A node's sign of life on the channel of invalidations, and an exchange of generations: a server that lost its data
-- learns them again. ARGV: channel, then namespace and generation in turn
redis.call('PUBLISH', ARGV[1], 'beat')
for i = 2, #ARGV, 2 do
  local known = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '') or 0
  if tonumber(ARGV[i + 1]) > known then
    redis.call('HDEL', KEYS[1], ARGV[i]) -- first, as when a generation begins: the server may be full
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
return redis.call('HGETALL', KEYS[1])
