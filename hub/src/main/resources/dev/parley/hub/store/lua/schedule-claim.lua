-- Takes the tenants at whose schedules somebody has to look, each for a while.
--
-- KEYS  1 index  2 changes, as in schedule-list
-- ARGV  1 most tenants  2 for how long they are taken (ms)
-- Returns {tenants in the index, tenant, its changes, …}.
-- Atomic: all of it; so one node looks at a tenant, and another when it does not come back.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local result = {redis.call('ZCARD', KEYS[1])}
for _, tenant in ipairs(
    redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), tenant)
  result[#result + 1] = tenant
  result[#result + 1] = redis.call('HGET', KEYS[2], tenant) or '0'
end
return result
