-- Reads a room from an offset on.
--
-- KEYS  1 head, 2 members as in room-create; 3 log as in room-post
-- ARGV  1 tenant  2 reader  3 person | agent  4 from offset  5 most messages  6 most bytes
--       7 messages older than this are gone (ms)
-- Returns {1, last offset, first offset kept or 0, offset, post, …}; {-1} there is no such room or
--       the reader is not in it.
-- Atomic: all of it. People read what an agent of theirs may.

local function joined(party)
  local state = redis.call('HGET', KEYS[2], party)
  return state and state:sub(1, 1) == 'j'
end
local function isIn()
  if joined(ARGV[1]) or joined(ARGV[2]) then
    return true
  end
  if ARGV[3] == 'person' then
    for _, party in ipairs(redis.call('HKEYS', KEYS[2])) do
      if party:match('^[^/]+') == ARGV[1] and joined(party) then
        return true
      end
    end
  end
  return false
end
if redis.call('EXISTS', KEYS[1]) == 0 or not isIn() then
  return {-1}
end
local function offsetOf(entry)
  return tonumber(entry[1]:match('^%d+'))
end
local first, after = 0, '-'
while first == 0 and after do
  local batch = redis.call('XRANGE', KEYS[3], after, '+', 'COUNT', 100)
  after = batch[100] and '(' .. batch[100][1]
  for _, entry in ipairs(batch) do
    if first == 0 and tonumber(entry[2][4]) >= tonumber(ARGV[7]) then
      first = offsetOf(entry)
    end
  end
end
local result = {1, tonumber(redis.call('HGET', KEYS[1], 'seq')), first}
local bytes, max = 0, tonumber(ARGV[6])
local from = string.format('%.0f', math.max(first, tonumber(ARGV[4]))) .. '-0'
local entries = first == 0 and {} or redis.call('XRANGE', KEYS[3], from, '+', 'COUNT', ARGV[5])
for _, entry in ipairs(entries) do
  bytes = bytes + #entry[2][2]
  if bytes > max and #result > 3 then
    break
  end
  result[#result + 1] = offsetOf(entry)
  result[#result + 1] = entry[2][2]
end
return result
