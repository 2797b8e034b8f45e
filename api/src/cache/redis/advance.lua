-- Begins the next generation of namespaces, all in one step, and tells every node.
-- ARGV: channel, then each namespace with the generation that the caller knows
-- The deletion, of nothing, comes first: a server that is full refuses a script's other writes until it has written.
redis.call('HDEL', KEYS[1], '')
local generations = {}
for i = 2, #ARGV, 2 do
  local known = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '') or 0
  local next = string.format('%.0f', math.max(known, tonumber(ARGV[i + 1])) + 1)
  redis.call('HSET', KEYS[1], ARGV[i], next)
  table.insert(generations, ARGV[i] .. ' ' .. next)
end
generations = table.concat(generations, ' ')
redis.call('PUBLISH', ARGV[1], 'generations ' .. generations)
return generations
