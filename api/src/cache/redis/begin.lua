-- What a fill needs to know before it starts: the token of the key's last invalidation, and the server's time.
return { redis.call('GET', KEYS[1]) or '', redis.call('TIME')[1] }
