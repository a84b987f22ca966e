-- Finds reservations whose holder did not come back in time.
--
-- KEYS 1  open reservations, 2 their ends: as in budget-reserve
-- ARGV 1  how many to find at most
-- Result  ms of the epoch, then id and day of each, the longest overdue first
--
-- Atomic: all of it. An end without its reservation is removed.

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local result = {now_ms}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now_ms, 'LIMIT', 0, ARGV[1])) do
  local reservation = redis.call('HGET', KEYS[1], id)
  if reservation then
    result[#result + 1] = id
    result[#result + 1] = tonumber(reservation:match('^%d+'))
  else
    redis.call('ZREM', KEYS[2], id)
  end
end
return result
