-- Documents of memory, those written last first.
--
-- KEYS  1 heads  2 changes, as in memory-commit
-- ARGV  1 those before this revision, empty for the newest  2 how many
-- Returns {<agent>/<id>, revision, head, …}.
-- Atomic: reads only.

local result = {}
local before = ARGV[1] == '' and '+inf' or '(' .. ARGV[1]
local found = redis.call(
    'ZREVRANGEBYSCORE', KEYS[2], before, '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #found, 2 do
  result[#result + 1] = found[i]
  result[#result + 1] = tonumber(found[i + 1])
  result[#result + 1] = redis.call('HGET', KEYS[1], found[i])
end
return result
