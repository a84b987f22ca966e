-- Ends what topic-subscribe began; a topic without subscribers is gone.
--
-- KEYS  as in topic-subscribe
-- ARGV  1 name  2 agent
-- Returns {1} unsubscribed; {0} it was not subscribed.
-- Atomic: all of it.

local gone = redis.call('HDEL', KEYS[2], ARGV[2])
local left = redis.call('HLEN', KEYS[2])
if left == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], left)
end
return {gone}
