-- Says which digests of a room are to be told, and what came of telling one.
--
-- KEYS  1 head, 2 members as in room-create; 3 listeners, 4 digests as in room-post
-- ARGV  1 due     2 now (ms)  3 most
--       1 told    2 now (ms)  3 agent  4 offset up to which
--       1 failed  2 now (ms)  3 agent  4 first pause (ms), which doubles each time  5 longest (ms)
-- Returns of due {when the next of the others is due or -1, agent, from offset, to offset, …}; else {1}.
-- Atomic: all of it. A digest counts as a delivery of the room; over the limit all wait for the next day.

local now = tonumber(ARGV[2])
local day = math.floor(now / 86400000)
local head = redis.call('HMGET', KEYS[1], 'seq', 'dpd', 'day', 'dayN')
local deliveries = tonumber(head[3]) == day and tonumber(head[4]) or 0

local function read(agent)
  local row = redis.call('HGET', KEYS[4], agent)
  if row then
    local last, at, fails, pause = row:match('^(%d+) (%d+) ?(%d*) ?(%d*)$')
    return last, at, tonumber(fails) or 0, tonumber(pause) or 0
  end
end

if ARGV[1] == 'told' then
  if read(ARGV[3]) then
    redis.call('HSET', KEYS[4], ARGV[3], ARGV[4] .. ' ' .. ARGV[2])
    redis.call('HSET', KEYS[1], 'day', day, 'dayN', deliveries + 1)
  end
  return {1}
end
if ARGV[1] == 'failed' then
  local last, at, fails = read(ARGV[3])
  if last then
    local pause = math.min(tonumber(ARGV[4]) * 2 ^ math.min(fails, 30), tonumber(ARGV[5]))
    redis.call('HSET', KEYS[4], ARGV[3],
      string.format('%s %s %d %.0f', last, at, fails + 1, now + pause))
  end
  return {1}
end

local seq = tonumber(head[1] or 0)
local left = tonumber(head[2] or 0) - deliveries
local next, result = -1, {-1}
local function later(time)
  if next < 0 or time < next then
    next = time
  end
end
for _, agent in ipairs(redis.call('HKEYS', KEYS[4])) do
  local how = redis.call('HGET', KEYS[3], agent)
  local last, at, _, pause = read(agent)
  if how and tonumber(last) < seq then
    local due = math.max(tonumber(at) + (cjson.decode(how).e or 0), pause)
    if due > now then
      later(due)
    elseif left <= 0 then
      later((day + 1) * 86400000)
    elseif #result > 3 * tonumber(ARGV[3]) then
      later(now)
    else
      left = left - 1
      result[#result + 1] = agent
      result[#result + 1] = tonumber(last) + 1
      result[#result + 1] = seq
    end
  end
end
result[1] = next
return result
