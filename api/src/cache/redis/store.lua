-- Writes the value of a fill, and ends its lease, unless that was taken away meanwhile: by an invalidation, by time, or
-- with everything else. ARGV: the token, the value, its life (milliseconds)
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1
