-- A node's sign of life on the channel of invalidations, and an exchange of generations: a server that lost its data
-- learns them again. ARGV: channel, then namespace and generation in turn
-- The deletion, of nothing, comes first: a server that is full refuses a script's other writes until it has written.
redis.call('HDEL', KEYS[1], '')
-- One node's sign is all nodes': else N of them were told N times N things a second.
if redis.call('SET', KEYS[2], '', 'NX', 'PX', 900) then
  redis.call('PUBLISH', ARGV[1], 'beat')
end
for i = 2, #ARGV, 2 do
  local known = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '') or 0
  if tonumber(ARGV[i + 1]) > known then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
return redis.call('HGETALL', KEYS[1])
