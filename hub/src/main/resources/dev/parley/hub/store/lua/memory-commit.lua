-- Makes a document of memory current that is on disk, or asks whether there is room for one.
--
-- KEYS  1 heads    hash  <agent>/<id> -> head (JSON, b: bytes)
--       2 changes  zset  <agent>/<id> -> revision in which it was written
--       3 gone     zset  <agent>/<id> -> revision in which it was deleted
--       4 meta     hash  bytes of all; revision: the last one; epoch: names this catalogue
--       5 agents   hash  id -> definition
-- ARGV  1 put | check | adopt  2 agent  3 <agent>/<id>  4 bytes  5 head
--       6 most documents  7 most bytes  8 name of the catalogue if it is new
--       9 for adopt: the head as it was read, empty for none
-- Returns {1, revision, head before or empty}; {0} adopt: not as it was read; {-1, documents} and
--         {-2, bytes} at the limit; {-3} no such agent. check writes nothing and returns revision 0.
-- Atomic: all of it. A change that makes a document smaller is never refused.

local old = redis.call('HGET', KEYS[1], ARGV[3]) or ''
local oldBytes = old == '' and 0 or cjson.decode(old).b
local bytes = tonumber(ARGV[4])
if ARGV[1] == 'adopt' then
  if old ~= ARGV[9] then
    return {0}
  end
else
  if redis.call('HEXISTS', KEYS[5], ARGV[2]) == 0 then
    return {-3}
  end
  local documents = redis.call('HLEN', KEYS[1])
  if old == '' and documents >= tonumber(ARGV[6]) then
    return {-1, documents}
  end
  local used = tonumber(redis.call('HGET', KEYS[4], 'bytes') or '0')
  if bytes > oldBytes and used - oldBytes + bytes > tonumber(ARGV[7]) then
    return {-2, used}
  end
  if ARGV[1] == 'check' then
    return {1, 0, old}
  end
end
redis.call('HSETNX', KEYS[4], 'epoch', ARGV[8])
local revision = redis.call('HINCRBY', KEYS[4], 'revision', 1)
redis.call('HINCRBY', KEYS[4], 'bytes', bytes - oldBytes)
redis.call('HSET', KEYS[1], ARGV[3], ARGV[5])
redis.call('ZADD', KEYS[2], revision, ARGV[3])
redis.call('ZREM', KEYS[3], ARGV[3])
return {1, revision, old}
