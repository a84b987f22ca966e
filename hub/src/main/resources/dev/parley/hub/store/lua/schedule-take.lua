-- Takes what is due of a schedule, for one node, or a tick whose taker has not confirmed it.
--
-- KEYS  1 due  2 heads, as in schedule-write  3 firing, as in schedule-due
-- ARGV  1 due | again  2 id  3 head as it was read  4 tick as it was read  5 for how long the ticks
--       are taken (ms)  6 for due: the next tick, -1 for none  7… ticks to fire
-- Returns 1 taken; 0 when somebody else has, or the schedule was changed.
-- Atomic: all of it; so a tick is taken by one node at a time.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if redis.call('HGET', KEYS[2], ARGV[2]) ~= ARGV[3] then
  return 0
end
if ARGV[1] == 'due' then
  local score = redis.call('ZSCORE', KEYS[1], ARGV[2])
  if not score or tonumber(score) ~= tonumber(ARGV[4]) or tonumber(score) > now then
    return 0
  end
  if tonumber(ARGV[6]) < 0 then
    redis.call('ZREM', KEYS[1], ARGV[2])
  else
    redis.call('ZADD', KEYS[1], ARGV[6], ARGV[2])
  end
else
  local until_ms = redis.call('ZSCORE', KEYS[3], ARGV[2] .. ':' .. ARGV[4])
  if not until_ms or tonumber(until_ms) > now then
    return 0
  end
end
for i = 7, #ARGV do
  redis.call('ZADD', KEYS[3], now + tonumber(ARGV[5]), ARGV[2] .. ':' .. ARGV[i])
end
return 1
