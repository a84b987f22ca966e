-- Takes one letter out of a box, or all.
--
-- KEYS  1 counts  2 order  3 heads  4 bodies  5 taken, as in deadletter-put
-- ARGV  1 letter, or empty for all
-- Returns {how many}.
-- Atomic: all of it.

if ARGV[1] == '' then
  local count = redis.call('ZCARD', KEYS[2])
  redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
  redis.call('HSET', KEYS[1], 'bytes', 0)
  return {count}
end
local size = redis.call('HSTRLEN', KEYS[3], ARGV[1]) + redis.call('HSTRLEN', KEYS[4], ARGV[1])
if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then
  return {0}
end
for i = 3, 5 do
  redis.call('HDEL', KEYS[i], ARGV[1])
end
redis.call('HINCRBY', KEYS[1], 'bytes', -size)
return {1}
