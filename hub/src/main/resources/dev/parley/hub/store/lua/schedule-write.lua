-- Makes a schedule, or changes one that is as it was read.
--
-- KEYS  1 ids     zset  ids of the tenant's schedules, all of score 0
--       2 heads   hash  id -> schedule (JSON) without its payload
--       3 bodies  hash  id -> payload
--       4 due     zset  id -> next tick (ms of the epoch); not of those that wait for none
--       5 agents  hash  id -> definition
-- ARGV  1 create | update  2 id  3 head  4 payload  5 next tick, -1 for none
--       6 agent  7 for create: most schedules; for update: the head as it was read
-- Returns {1} written; {0} not as it was read; {-1, count} at the limit; {-2} no such agent.
-- Atomic: all of it.

if redis.call('HEXISTS', KEYS[5], ARGV[6]) == 0 then
  return {-2}
end
if ARGV[1] == 'create' then
  local used = redis.call('ZCARD', KEYS[1])
  if used >= tonumber(ARGV[7]) then
    return {-1, used}
  end
  redis.call('ZADD', KEYS[1], 0, ARGV[2])
elseif redis.call('HGET', KEYS[2], ARGV[2]) ~= ARGV[7] then
  return {0}
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[4])
if tonumber(ARGV[5]) < 0 then
  redis.call('ZREM', KEYS[4], ARGV[2])
else
  redis.call('ZADD', KEYS[4], ARGV[5], ARGV[2])
end
return {1}
