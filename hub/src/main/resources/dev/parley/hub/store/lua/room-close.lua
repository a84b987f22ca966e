-- Closes a room: nothing is posted any more, its members read it until the retention is over.
--
-- KEYS  1 rooms, 2 head, 3 members as in room-create; 4 listeners, 5 log, 6 digests as in room-post
-- ARGV  1 name  2 now (ms)  3 retention (ms)
-- Returns {1} closed; {0} it was; {-1} there is no such room.
-- Atomic: all of it.

local closed = redis.call('HGET', KEYS[1], ARGV[1])
if not closed then
  return {-1}
end
if closed ~= '' then
  return {0}
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], 'x', ARGV[2])
redis.call('DEL', KEYS[4], KEYS[6])
for _, key in ipairs({KEYS[2], KEYS[3], KEYS[5]}) do
  redis.call('PEXPIRE', key, ARGV[3])
end
return {1}
