-- Remembers what came of a post.
--
-- KEYS  1 once  as in room-post
-- ARGV  1 result
-- Returns {1}, or {0} when it is forgotten already.
-- Atomic: all of it.

if redis.call('EXISTS', KEYS[1]) == 0 then
  return {0}
end
redis.call('HSET', KEYS[1], 'r', ARGV[1])
return {1}
