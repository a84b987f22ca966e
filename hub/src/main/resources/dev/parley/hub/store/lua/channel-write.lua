-- Writes one tenant's copy of a channel and everything that finds it, if the copy is still as read.
--
-- KEYS  1 channels  hash    id -> copy (JSON)
--       2 newest    zset    id by creation
--       3 open      zset    id by end: copies this side signed, which count towards its limit
--       4 waiting   zset    "peer id" by end: proposals of others that this side has not signed
--       5 ended     zset    id by the time it ended, kept as history
--       6 route     zset    id by end: copies this side signed, of one caller tenant and agent
--       7 listing   zset    id by end: the same of one listing; the route again when there is none
--       8 guard     hash    optional: one field must hold an expected value
-- ARGV  1 now (ms)  2 id  3 the copy as read, empty for none  4 the copy to write
--       5 created (ms)  6 end (ms)  7 peer tenant  8 place  9 limit, -1 for none
--       10 most copies on a route or listing  11 most waiting  12 most ended  13 oldest end kept (ms)
--       14 guard field  15 guard value
-- place: signed | sold (signed, not counted) | waiting | ended | gone
-- Returns {1} written; {0} the copy has changed; {-1, count} at the limit;
--         {-2, count} the route or listing is full; {-3} the guard does not hold.
-- Atomic: all of it, with the sweep of what has ended (64 of a kind per write).

local channels, newest, open, waiting, ended = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local route, listing = KEYS[6], KEYS[7]
local now, id, member = tonumber(ARGV[1]), ARGV[2], ARGV[7] .. ' ' .. ARGV[2]
local place, finish = ARGV[8], ARGV[6]
local most_waiting = tonumber(ARGV[11])
local sweep = 64

if KEYS[8] and redis.call('HGET', KEYS[8], ARGV[14]) ~= ARGV[15] then
  return {-3}
end
if (redis.call('HGET', channels, id) or '') ~= ARGV[3] then
  return {0}
end

local function forget(gone)
  redis.call('HDEL', channels, gone)
  redis.call('ZREM', newest, gone)
end

local lapsed = redis.call('ZRANGEBYSCORE', open, '-inf', now, 'WITHSCORES', 'LIMIT', 0, sweep)
for i = 1, #lapsed, 2 do
  redis.call('ZREM', open, lapsed[i])
  redis.call('ZADD', ended, lapsed[i + 1], lapsed[i])
end
for _, unanswered in ipairs(redis.call('ZRANGEBYSCORE', waiting, '-inf', now, 'LIMIT', 0, sweep)) do
  redis.call('ZREM', waiting, unanswered)
  forget(string.match(unanswered, '%S+$'))
end
local surplus = redis.call('ZCARD', ended) - tonumber(ARGV[12])
for rank, old in ipairs(redis.call('ZRANGE', ended, 0, sweep - 1)) do
  if rank <= surplus or tonumber(redis.call('ZSCORE', ended, old)) < tonumber(ARGV[13]) then
    redis.call('ZREM', ended, old)
    forget(old)
  end
end

-- Whoever has most proposals waiting here loses the oldest: a flood displaces only itself.
local function make_room()
  local members, count, fullest = redis.call('ZRANGE', waiting, 0, -1), {}, nil
  for _, each in ipairs(members) do
    local peer = string.match(each, '^%S+')
    count[peer] = (count[peer] or 0) + 1
    if fullest == nil or count[peer] > count[fullest] then
      fullest = peer
    end
  end
  for _, each in ipairs(members) do
    if string.match(each, '^%S+') == fullest then
      redis.call('ZREM', waiting, each)
      forget(string.match(each, '%S+$'))
      return
    end
  end
end

local signed = place == 'signed' or place == 'sold'
if signed then
  local limit, most = tonumber(ARGV[9]), tonumber(ARGV[10])
  local used = redis.call('ZCARD', open)
  if place == 'signed' and limit >= 0 and used >= limit and not redis.call('ZSCORE', open, id) then
    return {-1, used}
  end
  for _, index in ipairs({route, listing}) do
    redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
    local full = redis.call('ZCARD', index)
    if full >= most and not redis.call('ZSCORE', index, id) then
      return {-2, full}
    end
  end
elseif place == 'waiting' and redis.call('ZCARD', waiting) >= most_waiting then
  make_room()
end

for _, index in ipairs({open, ended, route, listing}) do
  redis.call('ZREM', index, id)
end
redis.call('ZREM', waiting, member)
if place == 'gone' then
  forget(id)
  return {1}
end
redis.call('HSET', channels, id, ARGV[4])
redis.call('ZADD', newest, ARGV[5], id)
if signed then
  redis.call('ZADD', route, finish, id)
  redis.call('ZADD', listing, finish, id)
  if place == 'signed' then
    redis.call('ZADD', open, finish, id)
  end
elseif place == 'waiting' then
  redis.call('ZADD', waiting, finish, member)
else
  redis.call('ZADD', ended, now, id)
end
return {1}
