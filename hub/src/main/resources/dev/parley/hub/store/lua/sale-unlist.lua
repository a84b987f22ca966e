-- Takes a buyer off the list of sale-list unless it was listed again lately.
--
-- KEYS 1  the list
-- ARGV 1  tenant    2  what lately means, ms
-- Result  1 when it was taken off, else 0
--
-- Atomic: all of it.

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local listed = redis.call('ZSCORE', KEYS[1], ARGV[1])
if listed and now_ms - tonumber(listed) > tonumber(ARGV[2]) then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
