-- Ends a reservation: gives back what was not used, books what was, and owes the seller its price.
--
-- KEYS 1  open reservations, 2 their ends, 3 the books of the reservation's day, 4 the budget of its
--         month: as in budget-reserve
--      5  what is owed to sellers, a hash: reservation id -> "day seller selling-agent
--         selling-channel millicents"
-- ARGV 1  id     2  'used'; 'overdue': all that was reserved counts as used; or the attempt to
--         reserve that failed: nothing was used, unless another attempt has the reservation now
--      3  input tokens    4  output tokens    5  millicents, when 'used'
--      6  ms after which the books of a day, 7 the budget of a month, are forgotten
-- Result  'settled', ms of the epoch, tokens and millicents booked, tokens and millicents beyond
--           what was reserved, the entry of key 5 or ''
--         'closed', ms   no such reservation is open (settled before), or it is not overdue, or
--           another attempt's
--
-- Atomic: all of it. Books what was used even when it is more than was reserved, except money owed
-- to a seller, which never exceeds the reservation. Of an overdue reservation nobody knows how the
-- tokens divide: they are booked as output.

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local id, why = ARGV[1], ARGV[2]
local overdue = why == 'overdue'
local reservation = redis.call('HGET', KEYS[1], id)
if not reservation then
  return {'closed', now_ms}
end
if overdue and tonumber(redis.call('ZSCORE', KEYS[2], id) or '0') > now_ms then
  return {'closed', now_ms}
end

local part = {}
for word in reservation:gmatch('%S+') do
  part[#part + 1] = word
end
if why ~= 'used' and not overdue and part[9] ~= why then
  return {'closed', now_ms}
end
local reserved_tokens, reserved_money = tonumber(part[2]), tonumber(part[3])
local agent, channel, seller = part[4], part[5], part[6]
local input, output, money = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if overdue then
  input, output, money = 0, reserved_tokens, reserved_money
end
local beyond_tokens = math.max(0, input + output - reserved_tokens)
local beyond_money = math.max(0, money - reserved_money)
if seller ~= '-' then
  money = math.min(money, reserved_money)
end

local function add(key, field, amount)
  if amount ~= 0 and redis.call('HINCRBY', key, field, string.format('%.0f', amount)) == 0 then
    redis.call('HDEL', key, field)
  end
end

local function add_everywhere(field, amount)
  add(KEYS[3], field, amount)
  add(KEYS[3], field .. ':a:' .. agent, amount)
  if channel ~= '-' then
    add(KEYS[3], field .. ':c:' .. channel, amount)
  end
end

local more_tokens, more_money = input + output - reserved_tokens, money - reserved_money
add_everywhere('T', more_tokens)
add(KEYS[3], 'M', more_money)
add(KEYS[4], 't', more_tokens)
add(KEYS[4], 'm', more_money)
add_everywhere('i', input)
add_everywhere('o', output)
add_everywhere('s', money)
if redis.call('TTL', KEYS[3]) == -1 then
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
end
if redis.call('TTL', KEYS[4]) == -1 then
  redis.call('PEXPIRE', KEYS[4], ARGV[7])
end

local owed = ''
if seller ~= '-' and money > 0 then
  owed = string.format('%s %s %s %s %.0f', part[1], seller, part[7], part[8], money)
  redis.call('HSET', KEYS[5], id, owed)
end
redis.call('HDEL', KEYS[1], id)
redis.call('ZREM', KEYS[2], id)
return {'settled', now_ms, input + output, money, beyond_tokens, beyond_money, owed}
