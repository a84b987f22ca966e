-- Takes the first messages of conversations that can go on, to hand them to the agent.
--
-- KEYS  1 ready  2 later  3 busy  4 order, as in mail-sort  5 log  as in mail-accept
--       6 tries  hash  seq -> how often the message was handed over
--       7 token  the number of times that the mailbox was taken over; never goes back
-- ARGV  1 the node that takes them  2 how many at most
--       3 the node's token, or 0 to take the mailbox over: then what is busy and not among the
--         conversations in ARGV 4… is put back, and whoever has it out has no say any more
-- Returns {token, in how many ms the next pause ends or -1, then for each: conversation, seq, tries with
--       this one, meta, envelope}; {0} the mailbox was taken over by another.
-- Atomic: all of it. A conversation is busy until mail-end or mail-release.

local function head(conversation)
  local first = redis.call('ZRANGEBYLEX', KEYS[4], '[' .. conversation .. ':',
    '(' .. conversation .. ';', 'LIMIT', 0, 1)[1]
  if not first then
    return nil
  end
  local seq = string.format('%.0f', tonumber(first:sub(#conversation + 2)))
  local entry = redis.call('XRANGE', KEYS[5], seq .. '-0', seq .. '-0')[1]
  return entry and {seq = seq, meta = entry[2][2], envelope = entry[2][4], rank = entry[2][6]}
end

local function ready(conversation)
  local first = head(conversation)
  if first then
    redis.call('ZADD', KEYS[1], first.rank, conversation)
  end
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local token = ARGV[3]
if token ~= '0' and redis.call('GET', KEYS[7]) ~= token then
  return {0}
end
if token == '0' then
  token = string.format('%.0f', redis.call('INCR', KEYS[7]))
  local mine = {}
  for i = 4, #ARGV do
    mine[ARGV[i]] = true
  end
  for _, conversation in ipairs(redis.call('HKEYS', KEYS[3])) do
    if not mine[conversation] then
      redis.call('HDEL', KEYS[3], conversation)
      ready(conversation)
    end
  end
end
for _, conversation in ipairs(
    redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('ZREM', KEYS[2], conversation)
  ready(conversation)
end
local result = {tonumber(token), -1}
for _ = 1, tonumber(ARGV[2]) do
  local conversation = redis.call('ZPOPMIN', KEYS[1])[1]
  if not conversation then
    break
  end
  local first = head(conversation)
  if first then
    redis.call('HSET', KEYS[3], conversation, token .. ' ' .. ARGV[1])
    result[#result + 1] = conversation
    result[#result + 1] = first.seq
    result[#result + 1] = redis.call('HINCRBY', KEYS[6], first.seq, 1)
    result[#result + 1] = first.meta
    result[#result + 1] = first.envelope
  end
end
local pause = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if pause[2] then
  result[2] = math.max(0, tonumber(pause[2]) - now)
end
return result
