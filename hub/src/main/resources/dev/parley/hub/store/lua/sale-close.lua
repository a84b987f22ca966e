-- Notes that the debt of a credited sale is removed, so that its id may be forgotten after a while.
--
-- KEYS 1  sales credited: as key 2 of sale-credit
-- ARGV 1  id of the buyer's reservation
--      2  ms for which a node may still act on the debt it had read before
-- Result  how many ids are remembered
--
-- Atomic: all of it. While no debt is open the key ends by itself after that time.

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZADD', KEYS[1], 'XX', now_ms, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now_ms - tonumber(ARGV[2]))
if redis.call('ZCOUNT', KEYS[1], '+inf', '+inf') == 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('ZCARD', KEYS[1])
