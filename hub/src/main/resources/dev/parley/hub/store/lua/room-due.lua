-- The rooms of the hub in which digests are to be told, by when, and who is telling them.
--
-- KEYS  1 due      zset  owner/name -> when the first digest is due (ms)
--       2 claimed  zset  owner/name -> until when a node tells its digests (ms)
-- ARGV  1 add      2 room  3 when; an earlier time that is known stays
--       1 claim    2 now (ms)  3 most rooms  4 until when no other node gets them (ms)
--       1 release  2 room  3 until when it was claimed  4 when the next is due, -1 for never
-- Returns the rooms claimed, else {1}.
-- Atomic: all of it. A room is claimed by one node at a time, and by another when that does not come
-- back. One with more that is due comes after those that wait meanwhile.

local due, claimed = KEYS[1], KEYS[2]
if ARGV[1] == 'add' then
  redis.call('ZADD', due, 'LT', ARGV[3], ARGV[2])
  return {1}
end
if ARGV[1] == 'release' then
  if tonumber(redis.call('ZSCORE', claimed, ARGV[2])) == tonumber(ARGV[3]) then
    redis.call('ZREM', claimed, ARGV[2])
    redis.call('ZREM', due, ARGV[2])
  end
  if tonumber(ARGV[4]) >= 0 then
    redis.call('ZADD', due, 'LT', ARGV[4], ARGV[2])
  end
  return {1}
end
local now, most = ARGV[2], tonumber(ARGV[3])
for _, room in ipairs(redis.call('ZRANGEBYSCORE', claimed, '-inf', now, 'LIMIT', 0, most)) do
  redis.call('ZREM', claimed, room)
  redis.call('ZADD', due, 'LT', now, room)
end
local rooms = {}
for _, room in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, most)) do
  local held = redis.call('ZSCORE', claimed, room)
  if held then
    redis.call('ZADD', due, held, room)
  else
    redis.call('ZREM', due, room)
    redis.call('ZADD', claimed, ARGV[4], room)
    rooms[#rooms + 1] = room
  end
end
return rooms
