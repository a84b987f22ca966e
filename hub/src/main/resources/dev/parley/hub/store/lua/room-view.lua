-- Shows a room to one of its members or of those who are invited.
--
-- KEYS  1 head, 2 members as in room-create; 3 listeners as in room-post
-- ARGV  1 tenant  2 party  3 person | agent  4 all | own: which members  5 now (ms)
-- Returns {1, state, title, created, closed or '', posts a minute, deliveries a day, last offset,
--       deliveries today, members, listeners}: members by lines of <party> <state> <since>, of who
--       is only invited its own; listeners of the tenant by lines of <agent> <JSON>. {-1} there is
--       no such room or the party is neither in it nor invited.
-- Atomic: all of it.

local tenant, best = ARGV[1], nil
local rows = redis.call('HGETALL', KEYS[2])
local own, all = {}, {}
for i = 1, #rows, 2 do
  local line = rows[i] .. ' ' .. rows[i + 1]
  local mine = rows[i] == tenant or rows[i] == ARGV[2]
  if ARGV[3] == 'person' then
    mine = rows[i]:match('^[^/]+') == tenant
  end
  all[#all + 1] = line
  if mine then
    own[#own + 1] = line
    if best ~= 'j' then
      best = rows[i + 1]:sub(1, 1)
    end
  end
end
if not best or redis.call('EXISTS', KEYS[1]) == 0 then
  return {-1}
end
local head = redis.call('HMGET', KEYS[1], 'd', 'c', 'x', 'ppm', 'dpd', 'seq', 'day', 'dayN')
local today = tonumber(head[7]) == math.floor(tonumber(ARGV[5]) / 86400000) and head[8] or '0'
local listeners = {}
if best == 'j' and ARGV[4] == 'all' then
  own = all
  local hows = redis.call('HGETALL', KEYS[3])
  for i = 1, #hows, 2 do
    if hows[i]:match('^[^/]+') == tenant then
      listeners[#listeners + 1] = hows[i] .. ' ' .. hows[i + 1]
    end
  end
end
return {1, best, head[1], head[2], head[3] or '', head[4], head[5], head[6], today,
  table.concat(own, '\n'), table.concat(listeners, '\n')}
