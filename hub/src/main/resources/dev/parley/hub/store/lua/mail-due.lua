-- The messages of a tenant's agents that are past their deadline, a hundred at most.
--
-- KEYS  1 expiry  as in mail-accept
-- Returns {the next deadline (ms) or -1, member…}.
-- Atomic: reads only. What is past is decided by the clock of Redis.

local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)
local first = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES',
  'LIMIT', 0, 1)
table.insert(due, 1, first[2] and tonumber(first[2]) or -1)
return due
