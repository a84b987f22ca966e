-- Puts a message into an agent's mailbox, once.
--
-- KEYS  1 depth   hash    seq: last entry; total, bytes: of the tenant; n:<agent>: of the agent
--       2 log     stream  the messages of the agent, entry <seq>-0: m(eta), e(nvelope), r(ank)
--       3 order   zset    <conversation>:<seq>, all of score 0: the messages of each in order
--       4 ready   zset    conversations that can go on, by rank
--       5 later   zset    conversations that pause, by the time they go on
--       6 busy    hash    conversation -> who has its first message out: <token> <node>
--       7 expiry  zset    <agent>:<seq>:<conversation>:<sender>:<id>, by deadline
--       8 record  hash    what became of the message: f(ingerprint), s(tatus), n attempts,
--                         a(ccepted), x expires, c(hanged), d(escription), e(rror)
-- ARGV  1 now (ms)  2 window (ms)  3 fingerprint  4 agent  5 conversation  6 envelope  7 meta
--       8 deadline (ms)  9 rank  10 most messages of the tenant  11 sender  12 message id
--       13 description  14 most bytes of the tenant
-- Returns {1} accepted; {0, status} the same message was sent before; {-1} another was, under this
--       id; {-2} the mailboxes of the tenant are full by messages; {-3} by bytes.
-- Atomic: all of it. The record outlives the message by the window. Sending again writes again, so that
-- replicas confirm what they may not have confirmed the first time.

local known = redis.call('HMGET', KEYS[8], 'f', 's')
if known[1] then
  if known[1] == ARGV[3] then
    redis.call('HSET', KEYS[8], 'f', ARGV[3])
    return {0, known[2]}
  end
  return {-1}
end
local total = tonumber(redis.call('HGET', KEYS[1], 'total') or '0')
if total >= tonumber(ARGV[10]) then
  return {-2}
end
local size = #ARGV[6] + #ARGV[7]
if tonumber(redis.call('HGET', KEYS[1], 'bytes') or '0') + size > tonumber(ARGV[14]) then
  return {-3}
end
local agent, conversation = ARGV[4], ARGV[5]
local seq = string.format('%.0f', redis.call('HINCRBY', KEYS[1], 'seq', 1))
redis.call('HINCRBY', KEYS[1], 'total', 1)
redis.call('HINCRBY', KEYS[1], 'bytes', size)
redis.call('HINCRBY', KEYS[1], 'n:' .. agent, 1)
redis.call('XADD', KEYS[2], seq .. '-0', 'm', ARGV[7], 'e', ARGV[6], 'r', ARGV[9])
redis.call('ZADD', KEYS[3], 0, conversation .. ':' .. string.rep('0', 16 - #seq) .. seq)
if not redis.call('ZSCORE', KEYS[4], conversation)
    and not redis.call('ZSCORE', KEYS[5], conversation)
    and redis.call('HEXISTS', KEYS[6], conversation) == 0 then
  redis.call('ZADD', KEYS[4], ARGV[9], conversation)
end
redis.call('ZADD', KEYS[7], ARGV[8],
  table.concat({agent, seq, conversation, ARGV[11], ARGV[12]}, ':'))
redis.call('HSET', KEYS[8], 'f', ARGV[3], 's', 'accepted', 'n', 0, 'a', ARGV[1], 'x', ARGV[8],
  'c', ARGV[1], 'd', ARGV[13])
redis.call('PEXPIRE', KEYS[8],
  string.format('%.0f', tonumber(ARGV[8]) - tonumber(ARGV[1]) + tonumber(ARGV[2])))
return {1}
