-- Reads a page of the list of sale-list, those listed longest ago first.
--
-- KEYS 1  the list
-- ARGV 1  rank of the first, from 0    2  how many at most
-- Result  tenants
--
-- Atomic: all of it.

return redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[1] + ARGV[2] - 1)
