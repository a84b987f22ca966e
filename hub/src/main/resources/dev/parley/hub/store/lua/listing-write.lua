-- Writes a listing among its publisher's data, if it is still as it was read.
--
-- KEYS  1 listings   hash  name -> listing (JSON)
--       2 published  set   names on the market
--       3 withdrawn  zset  names taken off it, by time, kept so that versions go on growing
-- ARGV  1 name  2 the listing as read, empty for none  3 the listing to write
--       4 published | withdrawn  5 limit of published listings  6 most withdrawn  7 now (ms)
-- Returns {1} written; {0} the listing has changed; {-1, count} at the limit.
-- Atomic: all of it.

local name = ARGV[1]
if (redis.call('HGET', KEYS[1], name) or '') ~= ARGV[2] then
  return {0}
end
if ARGV[4] == 'published' then
  local used = redis.call('SCARD', KEYS[2])
  if used >= tonumber(ARGV[5]) and redis.call('SISMEMBER', KEYS[2], name) == 0 then
    return {-1, used}
  end
  redis.call('SADD', KEYS[2], name)
  redis.call('ZREM', KEYS[3], name)
else
  redis.call('SREM', KEYS[2], name)
  redis.call('ZADD', KEYS[3], ARGV[7], name)
  local surplus = redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[6])
  if surplus > 0 then
    for _, old in ipairs(redis.call('ZRANGE', KEYS[3], 0, surplus - 1)) do
      redis.call('ZREM', KEYS[3], old)
      redis.call('HDEL', KEYS[1], old)
    end
  end
end
redis.call('HSET', KEYS[1], name, ARGV[3])
return {1}
