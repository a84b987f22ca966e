-- Letters of a box, newest first.
--
-- KEYS  1 order  2 heads, as in deadletter-put
-- ARGV  1 those before this letter, empty for the newest  2 how many  3 none that arrived before (ms)
-- Returns {letter, head, …}.
-- Atomic: reads only.

local result = {}
local before = ARGV[1] == '' and '+inf' or '(' .. ARGV[1]
for _, letter in ipairs(
    redis.call('ZREVRANGEBYSCORE', KEYS[1], before, '-inf', 'LIMIT', 0, ARGV[2])) do
  local head = redis.call('HGET', KEYS[2], letter)
  if head and cjson.decode(head).arrivedAt >= tonumber(ARGV[3]) then
    result[#result + 1] = letter
    result[#result + 1] = head
  end
end
return result
