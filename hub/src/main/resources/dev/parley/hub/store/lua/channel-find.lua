-- The copies that an index of one tenant's channels leads to.
--
-- KEYS  1 index     zset  id by end (a route or a listing) or by creation
--       2 channels  hash  id -> copy (JSON)
-- ARGV  1 now (ms): the index is by end, and only what ends later counts; -1: the newest first
--       2 the most to answer
-- Returns the copies (JSON).
-- Atomic: reads only, but for dropping index entries whose copy is gone.

local ids
if tonumber(ARGV[1]) < 0 then
  ids = redis.call('ZREVRANGE', KEYS[1], 0, tonumber(ARGV[2]) - 1)
else
  ids = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'LIMIT', 0, ARGV[2])
end
local copies = {}
for _, id in ipairs(ids) do
  local copy = redis.call('HGET', KEYS[2], id)
  if copy then
    copies[#copies + 1] = copy
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return copies
