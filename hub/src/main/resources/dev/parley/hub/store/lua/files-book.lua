-- Opens a change to the files of an agent: books what it will add, and takes the agent's turn.
--
-- KEYS  1 files  hash  bytes, files: of all agents, with what is booked; seq: the last version;
--                      and of each agent <id>:bytes, <id>:files, <id>:version; while a change is
--                      open <id>:turn, <id>:until (ms), <id>:bookedBytes, <id>:bookedFiles, <id>:intent
-- ARGV  1 agent  2 the version that was measured  3 turn  4 now (ms)  5 how long the turn is held (ms)
--       6 bytes it adds  7 files it adds  8 most bytes  9 most files  10 intent: what undoes or ends it
-- Returns {'booked'}; {'counted', version} when another version was measured, 0 when none was counted;
--         {'open', turn, ms left, intent} while another change is open; {'bytes' | 'files', used} at
--         that limit.
-- Atomic: all of it. The same turn may be booked again.

local key, agent = KEYS[1], ARGV[1]
local function number(field)
  return tonumber(redis.call('HGET', key, field) or '0')
end
local function text(number)
  return string.format('%.0f', number)
end

local turn = redis.call('HGET', key, agent .. ':turn')
if turn and turn ~= ARGV[3] then
  local left = number(agent .. ':until') - tonumber(ARGV[4])
  return {'open', turn, text(left), redis.call('HGET', key, agent .. ':intent')}
end
local version = redis.call('HGET', key, agent .. ':version') or '0'
if version ~= ARGV[2] or version == '0' then
  return {'counted', version}
end
local before = {bytes = number(agent .. ':bookedBytes'), files = number(agent .. ':bookedFiles')}
local more = {bytes = tonumber(ARGV[6]), files = tonumber(ARGV[7])}
local most = {bytes = tonumber(ARGV[8]), files = tonumber(ARGV[9])}
for _, what in ipairs({'bytes', 'files'}) do
  local used = number(what) - before[what]
  if more[what] > 0 and used + more[what] > most[what] then
    return {what, text(used)}
  end
end
redis.call('HINCRBY', key, 'bytes', text(more.bytes - before.bytes))
redis.call('HINCRBY', key, 'files', text(more.files - before.files))
redis.call('HSET', key, agent .. ':turn', ARGV[3], agent .. ':until',
  text(tonumber(ARGV[4]) + tonumber(ARGV[5])), agent .. ':bookedBytes', ARGV[6],
  agent .. ':bookedFiles', ARGV[7], agent .. ':intent', ARGV[10])
return {'booked'}
