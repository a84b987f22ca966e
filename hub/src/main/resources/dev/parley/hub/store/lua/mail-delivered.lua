-- Notes that a message is with its agent.
--
-- KEYS  1 record  as in mail-accept  2 busy  as in mail-sort
-- ARGV  1 now (ms)  2 tries  3 conversation  4 who has it out
-- Returns {1}; {0} it has ended, or it was taken over.
-- Atomic: all of it.

if redis.call('HGET', KEYS[2], ARGV[3]) ~= ARGV[4] then
  return {0}
end
local head, times, rest = (redis.call('GET', KEYS[1]) or ''):match(
  '^([^\n]*\n[^\n]*\n)accepted %d+ (%d+ %d+) %d+(\n.*)$')
if not head then
  return {0}
end
redis.call('SET', KEYS[1],
  head .. 'delivered ' .. ARGV[2] .. ' ' .. times .. ' ' .. ARGV[1] .. rest, 'KEEPTTL')
return {1}
