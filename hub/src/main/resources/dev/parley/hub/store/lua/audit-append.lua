-- Appends entries to an audit log whose last hash the writer knows.
--
-- KEYS  1 the log, a stream whose ids are <number>-0  2 its head, a hash {seq, hash}
-- ARGV  1 hash of the entry before  2 number of the first entry  3 id of this batch
--       4 how many entries are kept  5 whether it may have been appended already (1 or 0)
--       then text, hash of each entry
-- Returns {1} when they are in the log, {0, seq, hash} with its head when that is another.
-- Atomic: all entries or none, and none twice.

local head = redis.call('HMGET', KEYS[2], 'seq', 'hash')
local seq = tonumber(head[1] or '0')
local hash = head[2] or string.rep('0', 64)
if ARGV[5] == '1' then
  for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1000)) do
    if entry[2][6] == ARGV[3] then
      redis.call('HSET', KEYS[2], 'confirmed', ARGV[3])
      return {1}
    end
  end
end
if hash ~= ARGV[1] or seq + 1 ~= tonumber(ARGV[2]) then
  return {0, seq, hash}
end
for i = 6, #ARGV, 2 do
  seq = seq + 1
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], seq .. '-0',
    't', ARGV[i], 'h', ARGV[i + 1], 'b', ARGV[3])
end
redis.call('HSET', KEYS[2], 'seq', seq, 'hash', ARGV[#ARGV])
return {1}
