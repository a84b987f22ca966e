-- Lists a buyer among the tenants whose sales may have to be settled by another node.
--
-- KEYS 1  the list, a sorted set: tenant by ms of the epoch it was listed last
-- ARGV 1  tenant
-- Result  ms of the epoch
--
-- Atomic: all of it.

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZADD', KEYS[1], now_ms, ARGV[1])
return now_ms
