-- Removes a session, unless another node has changed it, or has removed it and made it anew.
--
-- KEYS  1 sessions  hash  session key -> row (JSON)
-- ARGV  1 session key  2 the row as it was read
-- Returns {1} removed; {0} the row is another by now, or gone.
-- Atomic: all of it.

if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return {0}
end
redis.call('HDEL', KEYS[1], ARGV[1])
return {1}
