-- Notes that a message is with its agent.
--
-- KEYS  1 record  2 busy, as in mail-accept
-- ARGV  1 now (ms)  2 tries  3 conversation  4 who has it out
-- Returns {1}; {0} it has ended, or it was taken over.
-- Atomic: all of it.

if redis.call('HGET', KEYS[2], ARGV[3]) ~= ARGV[4]
    or redis.call('HGET', KEYS[1], 's') ~= 'accepted' then
  return {0}
end
redis.call('HSET', KEYS[1], 's', 'delivered', 'c', ARGV[1], 'n', ARGV[2])
return {1}
