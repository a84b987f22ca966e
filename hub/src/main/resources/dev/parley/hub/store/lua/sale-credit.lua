-- Credits a seller with the price of one sale, once.
--
-- KEYS 1  the seller's books of the day the buyer paid, a hash
--      2  sales credited, a sorted set: reservation id by the ms of the epoch its debt was removed
--         at, +inf while it may still be there
-- ARGV 1  id of the buyer's reservation    2  ms after which the books are forgotten
--      3  millicents    4  selling agent    5  channel or -
-- Result  1 when credited now, 0 when it had been
--
-- Atomic: all of it. Crediting again writes again, for replicas to confirm.

if redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
  return 0
end
redis.call('ZADD', KEYS[2], '+inf', ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('HINCRBY', KEYS[1], 'e', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'e:a:' .. ARGV[4], ARGV[3])
if ARGV[5] ~= '-' then
  redis.call('HINCRBY', KEYS[1], 'e:c:' .. ARGV[5], ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
