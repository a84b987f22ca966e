-- The digests that are to be told, of all rooms of the hub, by when.
--
-- KEYS  1 due  zset  <room> <agent>, by time
-- ARGV  1 add: then <member> <time> in turn; one that waits keeps its time
--       1 claim  2 now (ms)  3 most  4 until when no other node gets them (ms)
--       1 done  2 member
-- Returns the members claimed, else {1}.
-- Atomic: all of it.

if ARGV[1] == 'add' then
  for i = 2, #ARGV, 2 do
    redis.call('ZADD', KEYS[1], 'NX', ARGV[i + 1], ARGV[i])
  end
  return {1}
end
if ARGV[1] == 'done' then
  redis.call('ZREM', KEYS[1], ARGV[2])
  return {1}
end
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
for _, member in ipairs(due) do
  redis.call('ZADD', KEYS[1], ARGV[4], member)
end
return due
