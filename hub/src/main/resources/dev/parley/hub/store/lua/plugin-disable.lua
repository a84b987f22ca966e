-- Disables a plugin for a tenant.
--
-- KEYS  1 enabled  hash  plugin -> {"install": ...}
--       2 sizes    hash  plugin -> install|version|bytes
--       3 values   hash  key -> value
-- ARGV  1 plugin  2 1 to delete what it keeps, else 0
-- Returns {1} disabled; {0} it was not enabled.
-- Atomic: all of it.

if ARGV[2] == '1' then
  redis.call('DEL', KEYS[3])
  redis.call('HDEL', KEYS[2], ARGV[1])
end
return {redis.call('HDEL', KEYS[1], ARGV[1])}
