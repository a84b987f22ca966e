-- Lists a tenant among those whose schedules are looked at, by when, and tells the time.
--
-- KEYS  1 index    zset  tenant -> when it is looked at next (ms of the epoch)
--       2 changes  hash  tenant -> how often its schedules were changed; negative after a look
--                        that found none
-- ARGV  1 tenant  2 when at the latest (ms), empty for what follows  3 how long from now (ms)
-- Returns the time (ms).
-- Atomic: all of it.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local by = ARGV[2] == '' and now + tonumber(ARGV[3]) or ARGV[2]
local changes = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')
redis.call('HSET', KEYS[2], ARGV[1], math.abs(changes) + 1)
redis.call('ZADD', KEYS[1], 'LT', by, ARGV[1])
return string.format('%.0f', now)
