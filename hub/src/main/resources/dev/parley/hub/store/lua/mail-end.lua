-- Ends a message: it leaves the mailbox, and its conversation goes on.
--
-- KEYS  1 depth  2 log  6 expiry  7 record, as in mail-accept  3 order  4 ready  5 busy, as in
--         mail-sort
--       8 tries  as in mail-claim
--       9 dead   hash  seq -> a message that is on its way to its sender's dead letters, as JSON:
--                m(eta), e(nvelope), s(tatus), x error, n attempts, t(ime)
-- ARGV  1 now (ms)  2 window (ms)  3 agent  4 conversation  5 seq  6 member of expiry
--       7 who has it out, as busy says, empty for a message that waits
--       8 status  9 error (JSON) or empty
-- Returns {1} ended; {0} it had ended, or it was taken over, or, of one that waits, it is out.
-- Atomic: all of it.

local conversation, seq, holder = ARGV[4], ARGV[5], ARGV[7]
local member = conversation .. ':' .. string.rep('0', 16 - #seq) .. seq

local function head()
  return redis.call('ZRANGEBYLEX', KEYS[3], '[' .. conversation .. ':',
    '(' .. conversation .. ';', 'LIMIT', 0, 1)[1]
end

local owner = redis.call('HGET', KEYS[5], conversation)
if holder == '' and owner and head() == member then
  return {0}
end
if holder ~= '' and owner ~= holder then
  return {0}
end
local there = redis.call('ZREM', KEYS[3], member)
if there == 1 then
  local tries = redis.call('HGET', KEYS[8], seq) or '0'
  local entry = redis.call('XRANGE', KEYS[2], seq .. '-0', seq .. '-0')[1]
  if entry then
    local meta, envelope = entry[2][2], entry[2][4]
    redis.call('HINCRBY', KEYS[1], 'bytes', -(#meta + #envelope))
    if ARGV[8] ~= 'handled' then
      redis.call('HSET', KEYS[9], seq, cjson.encode({m = meta, e = envelope, s = ARGV[8],
        x = ARGV[9], n = tries, t = ARGV[1]}))
    end
  end
  redis.call('XDEL', KEYS[2], seq .. '-0')
  redis.call('ZREM', KEYS[6], ARGV[6])
  redis.call('HDEL', KEYS[8], seq)
  redis.call('HINCRBY', KEYS[1], 'total', -1)
  if redis.call('HINCRBY', KEYS[1], 'n:' .. ARGV[3], -1) <= 0 then
    redis.call('HDEL', KEYS[1], 'n:' .. ARGV[3])
  end
  local head, times, description = (redis.call('GET', KEYS[7]) or ''):match(
    '^([^\n]*\n[^\n]*\n)%l+ %d+ (%d+ %d+) %d+\n[^\n]*(\n.*)$')
  if head then
    redis.call('SET', KEYS[7], head .. ARGV[8] .. ' ' .. tries .. ' ' .. times .. ' ' .. ARGV[1]
      .. '\n' .. ARGV[9] .. description, 'PX', ARGV[2])
  end
end
if holder ~= '' then
  redis.call('HDEL', KEYS[5], conversation)
  local first = head()
  if first then
    local id = string.format('%.0f', tonumber(first:sub(#conversation + 2))) .. '-0'
    local entry = redis.call('XRANGE', KEYS[2], id, id)[1]
    if entry then
      redis.call('ZADD', KEYS[4], entry[2][6], conversation)
    end
  end
end
return {there}
