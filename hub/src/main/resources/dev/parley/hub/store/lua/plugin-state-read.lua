-- Reads what a plugin keeps for a tenant.
--
-- KEYS  1 sizes   hash  plugin -> install|version|bytes
--       2 values  hash  key -> value
-- ARGV  1 plugin  2 get | keys  3 the key, or what keys begin with
-- Returns for get {version, 1, value} or {version, 0}; for keys {version, key, ...}. The version is
-- 0 when nothing was ever kept.
-- Atomic: what is read is of that version.

local row = redis.call('HGET', KEYS[1], ARGV[1])
local version = row and string.match(row, '|(%x+)|%d+$') or '0'
if ARGV[2] == 'get' then
  local value = redis.call('HGET', KEYS[2], ARGV[3])
  if value then
    return {version, 1, value}
  end
  return {version, 0}
end
local result = {version}
for _, key in ipairs(redis.call('HKEYS', KEYS[2])) do
  if string.sub(key, 1, #ARGV[3]) == ARGV[3] then
    result[#result + 1] = key
  end
end
return result
