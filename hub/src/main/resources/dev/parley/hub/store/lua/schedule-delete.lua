-- Deletes a schedule with all that is known of it.
--
-- KEYS  1 ids  2 heads  3 bodies  4 due  5 last, as in schedule-read
-- ARGV  1 id
-- Returns 1, or 0 when there is none.
-- Atomic: all of it. A tick that was taken and not sent finds nothing to send.

if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[5], ARGV[1])
return 1
