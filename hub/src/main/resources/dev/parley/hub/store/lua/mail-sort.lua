-- Sorts messages of a mailbox that were accepted into their conversations, in the order of the log.
--
-- KEYS  1 log  2 expiry, as in mail-accept
--       3 order   zset    <conversation>:<seq>, all of score 0: the messages of each in order
--       4 ready   zset    conversations that can go on, by rank
--       5 later   zset    conversations that pause, by the time they go on
--       6 busy    hash    conversation -> who has its first message out: <token> <node>
--       7 sorted  number  the last entry that is sorted
-- ARGV  1 agent  2 how many at most
-- Returns {how many were sorted, 1 when there may be more}.
-- Atomic: all of it. What is done does not depend on who asks.

local most = tonumber(ARGV[2])
local after = redis.call('GET', KEYS[7]) or '0'
local entries = redis.call('XRANGE', KEYS[1], '(' .. after .. '-0', '+', 'COUNT', most)
local order, expiry, ranks, conversations = {}, {}, {}, {}
for _, entry in ipairs(entries) do
  after = entry[1]:match('^%d+')
  local fields = entry[2]
  local deadline, rest = (fields[8] or ''):match('^(%d+):(.*)$')
  if deadline then
    local conversation = rest:match('^[^:]*')
    order[#order + 1] = 0
    order[#order + 1] = conversation .. ':' .. string.rep('0', 16 - #after) .. after
    expiry[#expiry + 1] = deadline
    expiry[#expiry + 1] = ARGV[1] .. ':' .. after .. ':' .. rest
    if not ranks[conversation] then
      ranks[conversation] = fields[6]
      conversations[#conversations + 1] = conversation
    end
  end
end
if #order > 0 then
  redis.call('ZADD', KEYS[3], unpack(order))
  redis.call('ZADD', KEYS[2], unpack(expiry))
  local pausing = redis.call('ZMSCORE', KEYS[5], unpack(conversations))
  local out = redis.call('HMGET', KEYS[6], unpack(conversations))
  local ready = {}
  for i, conversation in ipairs(conversations) do
    if not pausing[i] and not out[i] then
      ready[#ready + 1] = ranks[conversation]
      ready[#ready + 1] = conversation
    end
  end
  if #ready > 0 then
    redis.call('ZADD', KEYS[4], 'NX', unpack(ready))
  end
end
if #entries > 0 then
  redis.call('SET', KEYS[7], after)
end
if #entries < most then
  redis.call('ZREM', KEYS[2], ARGV[1])
end
return {#order / 2, #entries < most and 0 or 1}
