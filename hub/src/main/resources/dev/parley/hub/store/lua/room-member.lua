-- Changes who is in a room. Who goes takes the agents along that listened through that membership.
--
-- KEYS  1 head, 2 members as in room-create; 3 listeners, 4 digests as in room-post
-- ARGV  1 invite | accept | leave  2 party  3 now (ms)  4 most members
-- Returns {1, state} as it is now, of who left as it was; {-1} there is no such room or member;
--       {-2} the room is closed; {-3, count} at the limit.
-- Atomic: all of it.

if redis.call('EXISTS', KEYS[1]) == 0 then
  return {-1}
end
local action, party = ARGV[1], ARGV[2]
local state = redis.call('HGET', KEYS[2], party)
if action ~= 'invite' and not state then
  return {-1}
end
if action ~= 'leave' and redis.call('HEXISTS', KEYS[1], 'x') == 1 then
  return {-2}
end
if action == 'invite' then
  if not state then
    local count = redis.call('HLEN', KEYS[2])
    if count >= tonumber(ARGV[4]) then
      return {-3, count}
    end
    state = 'i ' .. ARGV[3]
    redis.call('HSET', KEYS[2], party, state)
  end
  return {1, state}
end
if action == 'accept' then
  if state:sub(1, 1) == 'i' then
    state = 'j ' .. ARGV[3]
    redis.call('HSET', KEYS[2], party, state)
  end
  return {1, state}
end

redis.call('HDEL', KEYS[2], party)
local function joined(name)
  local there = redis.call('HGET', KEYS[2], name)
  return there and there:sub(1, 1) == 'j'
end
for _, agent in ipairs(redis.call('HKEYS', KEYS[3])) do
  if not joined(agent) and not joined(agent:match('^[^/]+')) then
    redis.call('HDEL', KEYS[3], agent)
    redis.call('HDEL', KEYS[4], agent)
  end
end
return {1, state}
