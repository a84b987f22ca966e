-- Keeps the list of rooms of others that a tenant is in or invited to.
--
-- KEYS  1 rooms-elsewhere  hash  owner/name -> <i(nvited)|j(oined)> <until when it is listed (ms), 0 for
--                                no end> <mark>
-- ARGV  1 add   2 room  3 i | j  4 mark  5 now (ms)  6 most rooms  7 most invited by one owner
--       1 settle  2 room  3 the row as it was read  4 the row to write, empty for none
-- Returns {1} done; of add {-1, count} too many rooms, {-2, count} too many invitations of this owner;
--       of settle {0} not as it was read.
-- Atomic: all of it. Adding what is there marks it anew, so that nobody who has read it before takes it
-- away. Rows whose end has passed go.

local rows = KEYS[1]
if ARGV[1] == 'settle' then
  if redis.call('HGET', rows, ARGV[2]) ~= ARGV[3] then
    return {0}
  end
  if ARGV[4] == '' then
    redis.call('HDEL', rows, ARGV[2])
  else
    redis.call('HSET', rows, ARGV[2], ARGV[4])
  end
  return {1}
end

local function read(row)
  local state, till = row:match('^(%a) (%d+)')
  return state or 'i', tonumber(till or '0')
end
local room, now = ARGV[2], tonumber(ARGV[5])
local known = redis.call('HGET', rows, room)
if known then
  local state, till = read(known)
  redis.call('HSET', rows, room, state .. ' ' .. string.format('%.0f', till) .. ' ' .. ARGV[4])
  return {1}
end
local owner = room:match('^[^/]+')
local count, invited = 0, 0
local all = redis.call('HGETALL', rows)
for i = 1, #all, 2 do
  local state, till = read(all[i + 1])
  if till > 0 and till < now then
    redis.call('HDEL', rows, all[i])
  else
    count = count + 1
    if state == 'i' and all[i]:match('^[^/]+') == owner then
      invited = invited + 1
    end
  end
end
if ARGV[3] == 'i' and invited >= tonumber(ARGV[7]) then
  return {-2, invited}
end
if count >= tonumber(ARGV[6]) then
  return {-1, count}
end
redis.call('HSET', rows, room, ARGV[3] .. ' 0 ' .. ARGV[4])
return {1}
