-- Makes a room of a tenant, whose own people and agents are in it from the start.
--
-- KEYS  1 rooms    hash  name -> empty, or when it was closed
--       2 head     hash  d title, c(reated), x closed, ppm posts a minute, dpd deliveries a day,
--                        seq last offset, min and minN posts of that minute, day and dayN
--                        deliveries of that day, bytes of the messages kept
--       3 members  hash  party -> <i(nvited)|j(oined)> <since>
-- ARGV  1 name  2 title  3 now (ms)  4 posts a minute  5 deliveries a day  6 owner
--       7 most open rooms  8 retention (ms) of closed ones  9 most rooms, closed ones included
-- Returns {1} made; {0} the name is taken; {-1, count} at a limit.
-- Atomic: all of it. Names of rooms closed for longer than the retention are free again.

local now = tonumber(ARGV[3])
local open, all = 0, 0
local rows = redis.call('HGETALL', KEYS[1])
for i = 1, #rows, 2 do
  if rows[i + 1] == '' then
    open, all = open + 1, all + 1
  elseif tonumber(rows[i + 1]) + tonumber(ARGV[8]) < now then
    redis.call('HDEL', KEYS[1], rows[i])
  else
    all = all + 1
  end
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  return {0}
end
if open >= tonumber(ARGV[7]) then
  return {-1, open}
end
if all >= tonumber(ARGV[9]) then
  return {-1, all}
end
redis.call('DEL', KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], ARGV[1], '')
redis.call('HSET', KEYS[2], 'd', ARGV[2], 'c', ARGV[3], 'ppm', ARGV[4], 'dpd', ARGV[5], 'seq', 0)
redis.call('HSET', KEYS[3], ARGV[6], 'j ' .. ARGV[3])
return {1}
