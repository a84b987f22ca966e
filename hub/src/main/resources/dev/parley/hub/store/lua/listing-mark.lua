-- Marks a listing as changed in the platform's order of changes, which nodes index from.
--
-- KEYS  1 sequence  string  number of the last change
--       2 changes   zset    tenant/name by the number of its last change
--       3 gone      zset    the same of those that search must not find
--       4 pending   zset    tenant/name by the time (ms) a change of it began
-- ARGV  1 tenant/name  2 begin | public | gone | same  3 now (ms)  4 most gone
-- begin is called before the listing is written, one of the others after (same: it was not, and is
-- as it was): a crash in between leaves it pending, and reading the changes completes it.
-- Returns the number of the last change.
-- Atomic: all of it.

local path = ARGV[1]
if ARGV[2] == 'begin' then
  redis.call('ZADD', KEYS[4], ARGV[3], path)
  return tonumber(redis.call('GET', KEYS[1]) or '0')
end
local number = redis.call('INCR', KEYS[1])
redis.call('ZADD', KEYS[2], number, path)
redis.call('ZREM', KEYS[4], path)
if ARGV[2] == 'public' then
  redis.call('ZREM', KEYS[3], path)
elseif ARGV[2] == 'gone' then
  redis.call('ZADD', KEYS[3], number, path)
  local surplus = redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[4])
  if surplus > 0 then
    for _, old in ipairs(redis.call('ZRANGE', KEYS[3], 0, surplus - 1)) do
      redis.call('ZREM', KEYS[3], old)
      redis.call('ZREM', KEYS[2], old)
    end
  end
end
return number
