-- Says how a tenant or any of its agents is in a room.
--
-- KEYS  1 head, 2 members as in room-create
-- ARGV  1 tenant
-- Returns {j(oined) | i(nvited) | '', how long a closed room is there (ms), -1 for an open one}.
-- Atomic: reads only.

local best = ''
local rows = redis.call('HGETALL', KEYS[2])
for i = 1, #rows, 2 do
  if rows[i]:match('^[^/]+') == ARGV[1] and best ~= 'j' then
    best = rows[i + 1]:sub(1, 1)
  end
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  return {'', -1}
end
return {best, redis.call('PTTL', KEYS[1])}
