-- Notes what became of a tick that was taken.
--
-- KEYS  1 ids  2 heads  3 bodies  4 due  5 last, as in schedule-read  6 firing, as in schedule-due
-- ARGV  1 id  2 tick (ms), empty for one that was not taken  3 what became of it (JSON)
--       4 1 when the schedule is over and goes
-- Returns 1, or 0 when the schedule was deleted meanwhile.
-- Atomic: all of it.

if ARGV[2] ~= '' then
  redis.call('ZREM', KEYS[6], ARGV[1] .. ':' .. ARGV[2])
end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then
  return 0
end
if ARGV[4] == '1' and not redis.call('ZSCORE', KEYS[4], ARGV[1]) then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('HDEL', KEYS[3], ARGV[1])
  redis.call('HDEL', KEYS[5], ARGV[1])
  return 1
end
redis.call('HSET', KEYS[5], ARGV[1], ARGV[3])
return 1
