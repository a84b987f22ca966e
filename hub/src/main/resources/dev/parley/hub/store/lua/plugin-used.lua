-- Notes that a plugin was called by a tenant.
--
-- KEYS  1 used  hash  plugin:calls | plugin:failed | plugin:cpu -> number, cpu in microseconds
-- ARGV  1 plugin  2 microseconds of CPU  3 1 if it failed, else 0
-- Returns {1}.
-- Atomic: all of it.

redis.call('HINCRBY', KEYS[1], ARGV[1] .. ':calls', 1)
redis.call('HINCRBY', KEYS[1], ARGV[1] .. ':failed', ARGV[3])
redis.call('HINCRBY', KEYS[1], ARGV[1] .. ':cpu', ARGV[2])
return {1}
