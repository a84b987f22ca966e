-- The messages of a tenant's agents that are past their deadline, a hundred at most.
--
-- KEYS  1 expiry  as in mail-accept
-- ARGV  1 now (ms)
-- Returns {the next deadline (ms) or -1, member…}.
-- Atomic: reads only.

local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 100)
local first = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'WITHSCORES',
  'LIMIT', 0, 1)
table.insert(due, 1, first[2] and tonumber(first[2]) or -1)
return due
