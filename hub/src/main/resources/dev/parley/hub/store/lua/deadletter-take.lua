-- Settles under which id a letter is sent again: the same for all who ask.
--
-- KEYS  1 heads  2 taken, as in deadletter-put
-- ARGV  1 letter  2 the id when it has none
-- Returns {id}; an empty id when there is no such letter.
-- Atomic: all of it.

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return {''}
end
redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2])
return {redis.call('HGET', KEYS[2], ARGV[1])}
