-- Begins a namespace's next generation, and tells every node. ARGV: namespace, the generation known to the caller, channel
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '') or 0
local next = string.format('%.0f', math.max(known, tonumber(ARGV[2])) + 1)
redis.call('HSET', KEYS[1], ARGV[1], next)
redis.call('PUBLISH', ARGV[3], 'generation ' .. ARGV[1] .. ' ' .. next)
return next
