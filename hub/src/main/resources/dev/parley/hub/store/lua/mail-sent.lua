-- Notes in the sender's keys to whom message ids were used.
--
-- KEYS  sent    string  for each message: its receiver, tenant/agent; of a message to the own
--                       tenant the record, see mail-accept
-- ARGV  for each: its receiver, how long the id stays taken (ms)
-- Returns for each: 2 free; 1 used for this receiver; 0 used for another.
-- Atomic: all of it.

local answers = {}
for i, key in ipairs(KEYS) do
  local present = redis.call('GET', key)
  if present and present ~= ARGV[2 * i - 1] then
    answers[i] = 0
  else
    redis.call('SET', key, ARGV[2 * i - 1], 'PX', ARGV[2 * i])
    answers[i] = present and 1 or 2
  end
end
return answers
