-- Writes a value unless its key was invalidated after the fill had begun.
-- ARGV: the token and the time of the beginning, how long tokens are kept (seconds), the value, its life (milliseconds)
if redis.call('TIME')[1] - ARGV[2] >= tonumber(ARGV[3]) then return 0 end -- the token may have expired meanwhile
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
return 1
