-- Reads schedules of a tenant, in the order of their ids, and tells the time.
--
-- KEYS  1 ids  2 heads  3 bodies  4 due, as in schedule-write
--       5 last  hash  id -> what became of the last tick (JSON)
-- ARGV  1 page | one  2 those after this id, empty for the first; or the id  3 how many
-- Returns {time (ms), id, head, next tick or -1, last or '', payload or '', …}; payloads only of
--       one.
-- Atomic: reads only.

local clock = redis.call('TIME')
local result = {string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))}
local one = ARGV[1] == 'one'
local ids = {ARGV[2]}
if not one then
  local after = ARGV[2] == '' and '-' or '(' .. ARGV[2]
  ids = redis.call('ZRANGEBYLEX', KEYS[1], after, '+', 'LIMIT', 0, ARGV[3])
end
for _, id in ipairs(ids) do
  local head = redis.call('HGET', KEYS[2], id)
  if head then
    result[#result + 1] = id
    result[#result + 1] = head
    result[#result + 1] = redis.call('ZSCORE', KEYS[4], id) or '-1'
    result[#result + 1] = redis.call('HGET', KEYS[5], id) or ''
    result[#result + 1] = one and redis.call('HGET', KEYS[3], id) or ''
  end
end
return result
