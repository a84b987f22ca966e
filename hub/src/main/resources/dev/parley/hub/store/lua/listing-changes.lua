-- The listings that changed after a number, in the order of their changes.
--
-- KEYS  1 sequence  string  number of the last change
--       2 changes   zset    tenant/name by the number of its last change
--       3 pending   zset    tenant/name by the time (ms) a change of it began
-- ARGV  1 after this number  2 the most to answer  3 pending since before this time (ms): given up
-- Returns tenant/name and number in turn.
-- Atomic: all of it, with counting what is pending for too long as changed (100 at most).

local abandoned = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[3], 'LIMIT', 0, 100)
for _, path in ipairs(abandoned) do
  redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[1]), path)
  redis.call('ZREM', KEYS[3], path)
end
return redis.call(
  'ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
