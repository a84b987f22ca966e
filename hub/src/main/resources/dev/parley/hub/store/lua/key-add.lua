-- Adds an API key to a tenant's, alone or as the successor of another, which key-revoke ends then.
--
-- KEYS  1 keys  hash  id -> key (JSON: x expires at, v revoked at, both epoch ms and optional)
-- ARGV  1 id  2 its row  3 now (ms)  4 limit of valid keys  5 most keys kept that have ended
--       6 id of the key it succeeds, empty for none  7 that key's row as read  8 the row
--       that it will have: of two of which one ends at once, one counts
-- Returns {1} added; {0} the key it succeeds has changed; {-1, count} at the limit.
-- Atomic: all of it. The oldest of the keys that have ended are forgotten.

local now = tonumber(ARGV[3])

local function ended_at(row)
  local key = cjson.decode(row)
  local ended = key.v or key.x
  if ended and ended <= now then
    return ended
  end
end

if ARGV[6] ~= '' and redis.call('HGET', KEYS[1], ARGV[6]) ~= ARGV[7] then
  return {0}
end
local rows = redis.call('HGETALL', KEYS[1])
local valid = 0
local ended = {}
for i = 1, #rows, 2 do
  local row = rows[i] == ARGV[6] and ARGV[8] or rows[i + 1]
  local at = ended_at(row)
  if at then
    ended[#ended + 1] = {at, rows[i]}
  else
    valid = valid + 1
  end
end
if valid >= tonumber(ARGV[4]) then
  return {-1, valid}
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
table.sort(ended, function(a, b) return a[1] < b[1] end)
for i = 1, #ended - tonumber(ARGV[5]) do
  redis.call('HDEL', KEYS[1], ended[i][2])
end
return {1}
