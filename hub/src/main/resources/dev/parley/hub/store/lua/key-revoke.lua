-- Ends an API key, unless nobody could make keys after it.
--
-- KEYS  1 keys  hash  id -> key (JSON: r role, x expires at, v revoked at, both epoch ms and optional)
-- ARGV  1 id  2 its row as read, of a valid key  3 the row to write  4 now (ms)
--       5 the role that makes keys here
-- Returns {1} ended; {0} the row has changed; {-1} it is the last valid key of that role, or the
--         last one without an end.
-- Atomic: all of it, so that of two keys revoked at once one stays.

if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return {0}
end
local key = cjson.decode(ARGV[2])
if key.r == ARGV[5] then
  local rows = redis.call('HGETALL', KEYS[1])
  local another = false
  for i = 1, #rows, 2 do
    local other = cjson.decode(rows[i + 1])
    local lasts = not other.x or (key.x and other.x > tonumber(ARGV[4]))
    if rows[i] ~= ARGV[1] and other.r == ARGV[5] and not other.v and lasts then
      another = true
    end
  end
  if not another then
    return {-1}
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return {1}
