-- Puts a message that was handed over back to the head of its conversation, which then pauses.
--
-- KEYS  1 busy  2 later, as in mail-sort  3 record  as in mail-accept  4 tries  as in mail-claim
-- ARGV  1 now (ms)  2 who has it out  3 conversation  4 seq  5 how long it pauses (ms)
--       6 1: the try does not count  7 error (JSON)
-- Returns {1}; {0} it was taken over.
-- Atomic: all of it. Pauses go by the clock of Redis, as the nodes' may differ.

if redis.call('HGET', KEYS[1], ARGV[3]) ~= ARGV[2] then
  return {0}
end
redis.call('HDEL', KEYS[1], ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[5]), ARGV[3])
local tries = redis.call('HINCRBY', KEYS[4], ARGV[4], ARGV[6] == '1' and -1 or 0)
local head, times, description = (redis.call('GET', KEYS[3]) or ''):match(
  '^([^\n]*\n[^\n]*\n)%l+ %d+ (%d+ %d+) %d+\n[^\n]*(\n.*)$')
if head then
  redis.call('SET', KEYS[3], head .. 'accepted ' .. string.format('%.0f', tries) .. ' ' .. times
    .. ' ' .. ARGV[1] .. '\n' .. ARGV[7] .. description, 'KEEPTTL')
end
return {1}
