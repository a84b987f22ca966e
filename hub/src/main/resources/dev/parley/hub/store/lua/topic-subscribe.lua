-- Lets an agent get what is published under a name.
--
-- KEYS  1 topics       hash  name -> subscribers
--       2 subscribers  hash  agent -> since
-- ARGV  1 name  2 agent  3 now (ms)  4 most topics  5 most subscribers
-- Returns {1} subscribed; {-1, count} at the limit of topics; {-2, count} of subscribers.
-- Atomic: all of it.

if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then
  return {1}
end
local topics, subscribers = redis.call('HLEN', KEYS[1]), redis.call('HLEN', KEYS[2])
if subscribers == 0 and topics >= tonumber(ARGV[4]) then
  return {-1, topics}
end
if subscribers >= tonumber(ARGV[5]) then
  return {-2, subscribers}
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], subscribers + 1)
return {1}
