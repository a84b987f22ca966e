-- Says that a node lives, or leaves, and who else lives.
--
-- KEYS  1 nodes  hash  node -> <since when it lives>:<when it was heard last>, ms of Redis' clock
-- ARGV  1 node  2 beat | leave  3 ms after which a node not heard of counts as dead
-- Returns {node, since, node, since, ...}, of all that live.
-- Atomic: all of it.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local since = string.format('%d', now)
local own = redis.call('HGET', KEYS[1], ARGV[1])
if own then
  since = string.match(own, '^%d+')
end
if ARGV[2] == 'leave' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%s:%d', since, now))
end
local living = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local born, heard = string.match(all[i + 1], '^(%d+):(%d+)$')
  if now - tonumber(heard) > tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], all[i])
  else
    living[#living + 1] = all[i]
    living[#living + 1] = born
  end
end
return living
