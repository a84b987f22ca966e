-- Puts a dead letter into its sender's box, once. A full box loses its oldest letters.
--
-- KEYS  1 counts  hash  seq: last letter; bytes of all letters
--       2 order   zset  letters by number
--       3 heads   hash  letter -> what is known of it (JSON, with arrivedAt)
--       4 bodies  hash  letter -> the message
--       5 taken   hash  letter -> the id under which it is sent again
--       6 once    string  there when this letter was put before
-- ARGV  1 now (ms)  2 how long letters are kept (ms)  3 most letters  4 most bytes  5 head  6 body
-- Returns {letter, lost}: 0 when it was put before, -1 when the box takes none of its size.
-- Atomic: all of it. Putting again writes again, for replicas to confirm. What is older than it is kept goes first and counts as no loss.

local now, keep, most, room = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if not redis.call('SET', KEYS[6], '1', 'NX', 'PX', keep) then
  redis.call('PEXPIRE', KEYS[6], keep)
  return {0, 0}
end

local function drop(letter)
  local size = redis.call('HSTRLEN', KEYS[3], letter) + redis.call('HSTRLEN', KEYS[4], letter)
  redis.call('ZREM', KEYS[2], letter)
  for i = 3, 5 do
    redis.call('HDEL', KEYS[i], letter)
  end
  redis.call('HINCRBY', KEYS[1], 'bytes', -size)
end

local function oldest()
  return redis.call('ZRANGE', KEYS[2], 0, 0)[1]
end

local letter = oldest()
while letter do
  local head = redis.call('HGET', KEYS[3], letter)
  if head and cjson.decode(head).arrivedAt + tonumber(keep) > now then
    break
  end
  drop(letter)
  letter = oldest()
end
if redis.call('ZCARD', KEYS[2]) == 0 then
  redis.call('HSET', KEYS[1], 'bytes', 0)
end
local size = #ARGV[5] + #ARGV[6]
if most < 1 or size > room then
  return {-1, 1}
end
local lost = 0
letter = oldest()
while letter and (redis.call('ZCARD', KEYS[2]) >= most
    or tonumber(redis.call('HGET', KEYS[1], 'bytes')) + size > room) do
  drop(letter)
  lost = lost + 1
  letter = oldest()
end
local number = redis.call('HINCRBY', KEYS[1], 'seq', 1)
local id = string.format('%.0f', number)
redis.call('ZADD', KEYS[2], id, id)
redis.call('HSET', KEYS[3], id, ARGV[5])
redis.call('HSET', KEYS[4], id, ARGV[6])
redis.call('HINCRBY', KEYS[1], 'bytes', size)
for i = 2, 5 do
  redis.call('PEXPIRE', KEYS[i], keep)
end
return {number, lost}
