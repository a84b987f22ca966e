-- What there is to do for the schedules of a tenant, and tells the time.
--
-- KEYS  1 due  2 heads  3 bodies, as in schedule-write
--       4 firing  zset  <id>:<tick> of ticks that were taken and not confirmed -> until when (ms)
-- ARGV  1 most
-- Returns {time (ms), the next time there is something to do (ms) or -1,
--       due | again, id, tick (ms), head, payload, …}.
-- Atomic: all of it. Forgets what is left of schedules that were deleted.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local result = {string.format('%.0f', now), '-1'}

local function add(what, id, tick)
  local head = redis.call('HGET', KEYS[2], id)
  if not head then
    return false
  end
  result[#result + 1] = what
  result[#result + 1] = id
  result[#result + 1] = tick
  result[#result + 1] = head
  result[#result + 1] = redis.call('HGET', KEYS[3], id) or 'null'
  return true
end

for _, member in ipairs(
    redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local id, tick = string.match(member, '^(.*):(%d+)$')
  if not add('again', id, tick) then
    redis.call('ZREM', KEYS[4], member)
  end
end
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
for i = 1, #due, 2 do
  if not add('due', due[i], due[i + 1]) then
    redis.call('ZREM', KEYS[1], due[i])
  end
end
for _, key in ipairs({KEYS[1], KEYS[4]}) do
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if first[2] and (result[2] == '-1' or tonumber(first[2]) < tonumber(result[2])) then
    result[2] = first[2]
  end
end
return result
