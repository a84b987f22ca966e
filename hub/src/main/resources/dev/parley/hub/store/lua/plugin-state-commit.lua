-- Writes what one call of a plugin has changed, all or nothing.
--
-- KEYS  1 enabled  hash  plugin -> {"install": ...}
--       2 sizes    hash  plugin -> install|version|bytes
--       3 values   hash  key -> value
-- ARGV  1 plugin  2 its install  3 version as it was read, '' when nothing was
--       4 most keys  5 most bytes of keys and values  6 the version that it becomes, in hexadecimal
--       then for each change: put | del, key, value
-- Returns {1} written; {0} changed since it was read; {-1, keys} or {-2, bytes} too much;
-- {-3} the plugin of this install is not enabled.
-- Atomic: all of it. A repeated run writes the same version again and changes nothing.

local enabled = redis.call('HGET', KEYS[1], ARGV[1])
if not enabled or cjson.decode(enabled).install ~= ARGV[2] then
  return {-3}
end
local row = redis.call('HGET', KEYS[2], ARGV[1])
local version, bytes = '0', 0
if row then
  local v, b = string.match(row, '|(%x+)|(%d+)$')
  version, bytes = v, tonumber(b)
end
if version == ARGV[6] then
  redis.call('HSET', KEYS[2], ARGV[1], row)
  return {1}
end
if ARGV[3] ~= '' and ARGV[3] ~= version then
  return {0}
end
local keys = redis.call('HLEN', KEYS[3])
for i = 7, #ARGV, 3 do
  local key = ARGV[i + 1]
  if redis.call('HEXISTS', KEYS[3], key) == 1 then
    keys = keys - 1
    bytes = bytes - #key - redis.call('HSTRLEN', KEYS[3], key)
  end
  if ARGV[i] == 'put' then
    keys = keys + 1
    bytes = bytes + #key + #ARGV[i + 2]
  end
end
if keys > tonumber(ARGV[4]) then
  return {-1, keys}
end
if bytes > tonumber(ARGV[5]) then
  return {-2, bytes}
end
for i = 7, #ARGV, 3 do
  if ARGV[i] == 'put' then
    redis.call('HSET', KEYS[3], ARGV[i + 1], ARGV[i + 2])
  else
    redis.call('HDEL', KEYS[3], ARGV[i + 1])
  end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. '|' .. ARGV[6] .. '|' .. bytes)
return {1}
