-- Replaces a tenant's provider key by the same one sealed with another master key, unless its
-- tenant has changed or deleted it meanwhile.
--
-- KEYS  1 providers  hash  provider -> entry (JSON)
-- ARGV  1 provider  2 its entry as read  3 the entry to write
-- Returns {1} replaced; {0} the entry has changed.
-- Atomic: all of it, so that no key that a tenant has set is lost.

if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return {0}
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return {1}
