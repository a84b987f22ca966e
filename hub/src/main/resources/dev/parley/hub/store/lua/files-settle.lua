-- Ends a change to the files of an agent: replaces what was booked by what was really added.
--
-- KEYS  1 files  hash  see files-book.lua
-- ARGV  1 agent  2 turn  3 bytes added, negative when some went  4 files added, likewise
-- Returns {version}, the new one; {0} when this turn is not open any more.
-- Atomic: all of it.

local key, agent = KEYS[1], ARGV[1]
if redis.call('HGET', key, agent .. ':turn') ~= ARGV[2] then
  return {0}
end
for place, what in ipairs({'bytes', 'files'}) do
  local booked = agent .. (place == 1 and ':bookedBytes' or ':bookedFiles')
  local added = tonumber(ARGV[2 + place])
  local correction = added - tonumber(redis.call('HGET', key, booked))
  redis.call('HINCRBY', key, what, string.format('%.0f', correction))
  redis.call('HINCRBY', key, agent .. ':' .. what, ARGV[2 + place])
  redis.call('HDEL', key, booked)
end
redis.call('HDEL', key, agent .. ':turn', agent .. ':until', agent .. ':intent')
local version = redis.call('HINCRBY', key, 'seq', 1)
redis.call('HSET', key, agent .. ':version', string.format('%.0f', version))
return {version}
