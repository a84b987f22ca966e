-- Forgets a document of memory.
--
-- KEYS  1 heads  2 changes  3 gone  4 meta, as in memory-commit; floor: deletions up to this
--         revision may have been forgotten
-- ARGV  1 <agent>/<id>  2 the head as it was read  3 how many deletions are remembered
-- Returns {1} forgotten, {0} not as it was read.
-- Atomic: all of it.

local head = redis.call('HGET', KEYS[1], ARGV[1])
if head ~= ARGV[2] then
  return {0}
end
local revision = redis.call('HINCRBY', KEYS[4], 'revision', 1)
redis.call('HINCRBY', KEYS[4], 'bytes', -cjson.decode(head).b)
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], revision, ARGV[1])
while redis.call('ZCARD', KEYS[3]) > tonumber(ARGV[3]) do
  local oldest = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
  redis.call('HSET', KEYS[4], 'floor', oldest[2])
  redis.call('ZREM', KEYS[3], oldest[1])
end
return {1}
