-- Says what a digest is to tell, and that it was told.
--
-- KEYS  1 head, 2 members as in room-create; 3 listeners, 4 digests as in room-post
-- ARGV  1 now (ms)  2 tenant  3 agent  4 offset up to which it was told, empty to ask
-- Returns {1, from, to} to tell; {2, due} not before; {0} nothing; {1} it is remembered.
-- Atomic: all of it. A digest counts as a delivery of the room; over the limit it waits.

local how = redis.call('HGET', KEYS[3], ARGV[3])
local told = redis.call('HGET', KEYS[4], ARGV[3])
if not how or not told then
  return {0}
end
local now = tonumber(ARGV[1])
local day = math.floor(now / 86400000)
local head = redis.call('HMGET', KEYS[1], 'seq', 'dpd', 'day', 'dayN')
local deliveries = tonumber(head[3]) == day and tonumber(head[4]) or 0
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[4], ARGV[3], ARGV[4] .. ' ' .. ARGV[1])
  redis.call('HSET', KEYS[1], 'day', day, 'dayN', deliveries + 1)
  return {1}
end
local last, at = told:match('^(%d+) (%d+)$')
if tonumber(last) >= tonumber(head[1]) then
  return {0}
end
local due = tonumber(at) + cjson.decode(how).e
if now < due then
  return {2, due}
end
if deliveries + 1 > tonumber(head[2]) then
  return {2, (day + 1) * 86400000}
end
return {1, tonumber(last) + 1, tonumber(head[1])}
