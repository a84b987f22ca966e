-- Entries of an audit log in their order, with its head.
--
-- KEYS  1 the log  2 its head, as in audit-append
-- ARGV  1 those after this number; below 0 the last ones  2 how many at most
-- Returns {seq, hash of the head, hash before the first entry told, text, hash, …}.
-- Atomic: reads only.

local head = redis.call('HMGET', KEYS[2], 'seq', 'hash')
local seq = tonumber(head[1] or '0')
local after = tonumber(ARGV[1])
if after < 0 then
  after = math.max(0, seq - tonumber(ARGV[2]))
end
local found = redis.call('XRANGE', KEYS[1], '(' .. after .. '-0', '+', 'COUNT', ARGV[2])
local before = ''
if found[1] then
  local first = tonumber(string.match(found[1][1], '^%d+'))
  local previous = redis.call('XRANGE', KEYS[1], (first - 1) .. '-0', (first - 1) .. '-0')
  if previous[1] then
    before = previous[1][2][4]
  end
end
local result = {seq, head[2] or string.rep('0', 64), before}
for _, entry in ipairs(found) do
  result[#result + 1] = entry[2][2]
  result[#result + 1] = entry[2][4]
end
return result
