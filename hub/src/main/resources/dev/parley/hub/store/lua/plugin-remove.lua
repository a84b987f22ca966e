-- Removes a plugin from the platform.
--
-- KEYS  1 installed  hash  name -> what it is (JSON)
--       2 modules    hash  name -> its module, base64
-- ARGV  1 name
-- Returns {1} removed; {0} there was none.
-- Atomic: all of it.

redis.call('HDEL', KEYS[2], ARGV[1])
return {redis.call('HDEL', KEYS[1], ARGV[1])}
