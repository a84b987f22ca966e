-- Says which messages of a room an agent gets.
--
-- KEYS  1 head, 2 members as in room-create; 3 listeners, 4 digests as in room-post
-- ARGV  1 tenant  2 agent as tenant/agent  3 how it listens (JSON), empty for mentions only
--       4 most listeners
-- Returns {1} set; {-1} there is no such room or the agent is not in it; {-2} the room is closed;
--       {-3, count} at the limit.
-- Atomic: all of it. A digest begins with what is posted from now on.

local function joined(party)
  local state = redis.call('HGET', KEYS[2], party)
  return state and state:sub(1, 1) == 'j'
end
if redis.call('EXISTS', KEYS[1]) == 0 or not (joined(ARGV[1]) or joined(ARGV[2])) then
  return {-1}
end
if redis.call('HEXISTS', KEYS[1], 'x') == 1 then
  return {-2}
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[3], ARGV[2])
  redis.call('HDEL', KEYS[4], ARGV[2])
  return {1}
end
local count = redis.call('HLEN', KEYS[3])
if count >= tonumber(ARGV[4]) and redis.call('HEXISTS', KEYS[3], ARGV[2]) == 0 then
  return {-3, count}
end
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
if cjson.decode(ARGV[3]).m == 'digest' then
  redis.call('HSETNX', KEYS[4], ARGV[2], redis.call('HGET', KEYS[1], 'seq') .. ' 0')
else
  redis.call('HDEL', KEYS[4], ARGV[2])
end
return {1}
