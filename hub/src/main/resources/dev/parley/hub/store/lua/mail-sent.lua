-- Notes in the sender's keys to whom a message id was used.
--
-- KEYS  1 sent  string  receiver of the message, tenant/agent
-- ARGV  1 receiver  2 how long the id stays taken (ms)
-- Returns {1, new}: free or used for this receiver, new is 1 when it was free; {0} used for another.
-- Atomic: all of it.

local present = redis.call('GET', KEYS[1])
if present and present ~= ARGV[1] then
  return {0}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, present and 0 or 1}
