-- Puts messages into the mailboxes of a tenant's agents, each once.
--
-- KEYS  1 depth   hash    seq: last entry; total, bytes: of the tenant; n:<agent>: of the agent
--       2 expiry  zset    <agent>:<seq>:<conversation>:<sender>:<id>, by deadline, of what is
--                         sorted; <agent>, by the first deadline of what is not
--       then for each agent
--         log     stream  the messages of the agent, entry <seq>-0: m(eta), e(nvelope), r(ank),
--                         k <deadline>:<conversation>:<sender>:<id>
--         and for each of its messages
--         record  string  what became of the message, in lines: receiver; fingerprint;
--                         "<status> <attempts> <accepted> <expires> <changed>"; error or nothing;
--                         description
-- ARGV  1 most messages of the tenant  2 most bytes of the tenant
--       then for each agent: agent, number of its messages, the first of their deadlines
--         and for each of its messages: record, how long it is kept (ms), k, m, e, r
-- Returns for each message: 1 accepted; its status when the same was sent before; -1 another was,
--       under this id; -2 the mailboxes of the tenant are full by messages; -3 by bytes.
-- Atomic: all of it; each message is taken or refused by itself. Only what must not be lost is
-- written here; mail-sort does the rest when the messages are wanted. The record outlives the
-- message by the window. Sending again writes again, so that replicas confirm what they may not
-- have confirmed the first time.

local call, format = redis.call, string.format
local most, most_bytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local depth = call('HMGET', KEYS[1], 'seq', 'total', 'bytes')
local seq, total, bytes =
  tonumber(depth[1] or '0'), tonumber(depth[2] or '0'), tonumber(depth[3] or '0')

local function not_taken(key, record)
  local known = call('GET', key)
  if not known then
    return total >= most and -2 or -3
  end
  local what = '^[^\n]*\n[^\n]*\n'
  if known:match(what) ~= record:match(what) then
    return -1
  end
  call('SET', key, known, 'KEEPTTL')
  return known:match(what .. '(%l+)')
end

local answers, unsorted = {}, {}
local key, at = 3, 3
while at < #ARGV do
  local agent, last = ARGV[at], key + tonumber(ARGV[at + 1])
  local log, added = KEYS[key], 0
  local first_deadline = ARGV[at + 2]
  at = at + 3
  for message = key + 1, last do
    local record, meta, envelope = ARGV[at], ARGV[at + 3], ARGV[at + 4]
    local size = #envelope + #meta
    if total < most and bytes + size <= most_bytes
        and call('SET', KEYS[message], record, 'PX', ARGV[at + 1], 'NX') then
      seq, total, bytes, added = seq + 1, total + 1, bytes + size, added + 1
      call('XADD', log, format('%.0f-0', seq), 'm', meta, 'e', envelope, 'r', ARGV[at + 5],
        'k', ARGV[at + 2])
      answers[#answers + 1] = 1
    else
      answers[#answers + 1] = not_taken(KEYS[message], record)
    end
    at = at + 6
  end
  key = last + 1
  if added > 0 then
    call('HINCRBY', KEYS[1], 'n:' .. agent, added)
    unsorted[#unsorted + 1] = first_deadline
    unsorted[#unsorted + 1] = agent
  end
end
if #unsorted > 0 then
  call('ZADD', KEYS[2], 'LT', unpack(unsorted))
  call('HSET', KEYS[1], 'seq', format('%.0f', seq), 'total', format('%.0f', total),
    'bytes', format('%.0f', bytes))
end
return answers
