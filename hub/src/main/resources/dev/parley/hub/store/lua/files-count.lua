-- Notes what the files of an agent were counted to be, or forgets the agent.
--
-- KEYS  1 files  hash  see files-book.lua
-- ARGV  1 agent  2 the version before it was counted, 0 for none  3 bytes  4 files
--       5 keep | forget
-- Returns {version}, the new one; {0} when a change is open or was made meanwhile.
-- Atomic: all of it.

local key, agent = KEYS[1], ARGV[1]
local version = redis.call('HGET', key, agent .. ':version') or '0'
if version ~= ARGV[2] or redis.call('HEXISTS', key, agent .. ':turn') == 1 then
  return {0}
end
for place, what in ipairs({'bytes', 'files'}) do
  local was = tonumber(redis.call('HGET', key, agent .. ':' .. what) or '0')
  redis.call('HINCRBY', key, what, string.format('%.0f', tonumber(ARGV[2 + place]) - was))
  redis.call('HSET', key, agent .. ':' .. what, ARGV[2 + place])
end
local new = redis.call('HINCRBY', key, 'seq', 1)
if ARGV[5] == 'forget' then
  redis.call('HDEL', key, agent .. ':bytes', agent .. ':files', agent .. ':version')
else
  redis.call('HSET', key, agent .. ':version', string.format('%.0f', new))
end
return {new}
