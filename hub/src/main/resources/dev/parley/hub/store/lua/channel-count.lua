-- How many copies an index of one tenant's channels leads to that have not ended.
--
-- KEYS  1 index  zset  id by end (a route or a listing)
-- ARGV  1 now (ms)
-- Returns the count.

return redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[1], '+inf')
