-- Takes tokens and money out of every budget they count against, or out of none.
--
-- KEYS 1  open reservations, a hash: id -> "day tokens millicents agent channel seller selling-agent
--         selling-channel attempt", - for what is not
--      2  their ends, a sorted set: id by ms of the epoch
--      3  the day's books, a hash       4  the month's budget, a hash
-- ARGV 1  the day of keys 3 and 4, days of the epoch
--      2  ms after which the books of a day, 3 the budget of a month, are forgotten
--      4  id    5  tokens    6  millicents    7  agent    8  channel or -
--      9  seller  10 selling agent  11 selling channel, each or -
--      12 how long the reservation lasts, ms
--      13 name of this attempt to reserve
--      14 when the buyer was listed as one whose sales are to be settled (ms of the epoch; 0
--         without a seller), 15 how long that is good for, ms
--      16 ... the levels in the order they are named in: "T" or "M" for day, "t" or "m" for month,
--         "T:a:<agent>", "T:c:<channel>", each followed by its maximum
-- Result  'reserved', ms of the epoch, day of the longest overdue reservation or -1,
--           then day, tokens and millicents of this reservation
--         'exceeded', ms, number of the level from 0, used
--         'day', ms        it is another day: come again with its keys
--         'unlisted', ms   the listing is too old: list again
--
-- Atomic: all of it. A reservation of the same id that is still open is answered 'reserved' and
-- not debited again; it belongs to the latest attempt.

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
if math.floor(now_ms / 86400000) ~= tonumber(ARGV[1]) then
  return {'day', now_ms}
end

local function overdue()
  local first = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now_ms, 'LIMIT', 0, 1)[1]
  local kept = first and redis.call('HGET', KEYS[1], first)
  return kept and tonumber(kept:match('^%d+')) or -1
end

local id, tokens, millicents = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local open = redis.call('HGET', KEYS[1], id)
if open then
  redis.call('HSET', KEYS[1], id, (open:gsub('%S+$', ARGV[13])))
  local day, held_tokens, held_money = open:match('^(%d+) (%d+) (%d+)')
  return {'reserved', now_ms, overdue(), tonumber(day), tonumber(held_tokens), tonumber(held_money)}
end
if ARGV[9] ~= '-' and now_ms - tonumber(ARGV[14]) > tonumber(ARGV[15]) then
  return {'unlisted', now_ms}
end

for i = 16, #ARGV, 2 do
  local level, max = ARGV[i], tonumber(ARGV[i + 1])
  local kind = level:sub(1, 1)
  local books = (kind == 't' or kind == 'm') and KEYS[4] or KEYS[3]
  local wanted = (kind == 't' or kind == 'T') and tokens or millicents
  local used = tonumber(redis.call('HGET', books, level) or '0')
  if wanted > 0 and used + wanted > max then
    return {'exceeded', now_ms, (i - 16) / 2, used}
  end
end

local function debit(key, field, amount)
  if tonumber(amount) > 0 then
    redis.call('HINCRBY', key, field, amount)
  end
end

debit(KEYS[3], 'T', ARGV[5])
debit(KEYS[3], 'M', ARGV[6])
debit(KEYS[3], 'T:a:' .. ARGV[7], ARGV[5])
if ARGV[8] ~= '-' then
  debit(KEYS[3], 'T:c:' .. ARGV[8], ARGV[5])
end
debit(KEYS[4], 't', ARGV[5])
debit(KEYS[4], 'm', ARGV[6])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
redis.call('PEXPIRE', KEYS[4], ARGV[3])
redis.call('HSET', KEYS[1], id, table.concat(
  {ARGV[1], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11],
    ARGV[13]}, ' '))
redis.call('ZADD', KEYS[2], now_ms + tonumber(ARGV[12]), id)
return {'reserved', now_ms, overdue(), tonumber(ARGV[1]), tokens, millicents}
