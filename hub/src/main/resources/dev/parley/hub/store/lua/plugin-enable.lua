-- Enables a plugin for a tenant, or grants it what its newer version wants. What an earlier plugin
-- of the same name has kept is deleted.
--
-- KEYS  1 enabled  hash  plugin -> {"install": ...}
--       2 sizes    hash  plugin -> install|version|bytes
--       3 values   hash  key -> value
-- ARGV  1 plugin  2 the row of enabled  3 its install  4 most plugins
-- Returns {1} enabled; {-1, count} at the limit.
-- Atomic: all of it.

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  local used = redis.call('HLEN', KEYS[1])
  if used >= tonumber(ARGV[4]) then
    return {-1, used}
  end
end
local row = redis.call('HGET', KEYS[2], ARGV[1])
if row and string.match(row, '^([^|]*)|') ~= ARGV[3] then
  redis.call('DEL', KEYS[3])
  redis.call('HDEL', KEYS[2], ARGV[1])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return {1}
