-- Puts a tenant that was taken by schedule-claim back into the index.
--
-- KEYS  1 index  2 changes, as in schedule-list
-- ARGV  1 tenant  2 its changes when it was taken  3 its next tick (ms), -1 when it has none
--       4 the longest until it is looked at again (ms)
-- Returns 1 when it is in the index, 0 when it has left: it does when two looks that far apart
--       found nothing and nothing was changed between them.
-- Atomic: all of it. A tenant with more that is due already comes after those that wait meanwhile.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if (redis.call('HGET', KEYS[2], ARGV[1]) or '0') ~= ARGV[2] then
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  return 1
end
local changes = tonumber(ARGV[2])
local next = tonumber(ARGV[3])
if next < 0 and changes < 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
  return 0
end
local sign = next < 0 and -1 or 1
redis.call('HSET', KEYS[2], ARGV[1], sign * math.abs(changes))
local latest = now + tonumber(ARGV[4])
redis.call('ZADD', KEYS[1], next < 0 and latest or math.min(math.max(next, now), latest), ARGV[1])
return 1
