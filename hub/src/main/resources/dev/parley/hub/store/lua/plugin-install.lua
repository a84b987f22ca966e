-- Installs a plugin on the platform, or a newer version of one that is there.
--
-- KEYS  1 installed  hash  name -> what it is (JSON)
--       2 modules    hash  name -> its module, base64
-- ARGV  1 name  2 what it is  3 its module  4 what it is as it was read, '' for none  5 most plugins
-- Returns {1} installed; {0} not as it was read; {-1, count} at the limit.
-- Atomic: all of it.

local there = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if there ~= ARGV[4] then
  return {0}
end
if there == '' then
  local used = redis.call('HLEN', KEYS[1])
  if used >= tonumber(ARGV[5]) then
    return {-1, used}
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return {1}
