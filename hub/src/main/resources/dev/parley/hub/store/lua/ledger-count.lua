-- Adds counts that a node collected to the books of a day.
--
-- KEYS 1  the day's books, a hash
-- ARGV 1  the day of the key, days of the epoch    2  ms after which the books are forgotten
--      3  the node    4  number of the batch, rising with each of this node
--      5 ... fields, each followed by what is added to it
-- Result  'counted' (also when this batch was counted before) or 'day' (it is neither that day nor
--         the one after: come again with today's key), ms of the epoch
--
-- Atomic: all of it. A batch that is sent again because its answer was lost is not counted twice.

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local late = math.floor(now_ms / 86400000) - tonumber(ARGV[1])
if late < 0 or late > 1 then
  return {'day', now_ms}
end
local last = 'n:' .. ARGV[3]
if tonumber(redis.call('HGET', KEYS[1], last) or '-1') >= tonumber(ARGV[4]) then
  return {'counted', now_ms}
end
redis.call('HSET', KEYS[1], last, ARGV[4])
for i = 5, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'counted', now_ms}
