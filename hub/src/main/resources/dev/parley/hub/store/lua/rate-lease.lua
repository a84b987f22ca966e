-- Leases permits of a token bucket to a holder, which then spends them without asking.
--
-- KEYS 1  the bucket, a hash; absent means full
--           d           debt: permits taken and not yet refilled, fractional
--           t, r        when that was so (us of the epoch), the rate since then (permits/s)
--           h:<holder>  "<permits held> <end of the lease, ms of the epoch>"
-- ARGV 1  holder                  2  rate, permits per second, above 0
--      3  burst, at least 1       4  permits of the lease the holder keeps
--      5  permits it returns      6  permits wanted at once
--      7  permits wanted in stock 8  how long a lease lasts, ms
-- Result  granted at once, granted in stock, 1 when the permits kept are still the holder's (0: the
--         lease had ended and they count as spent), ms until the next permit (0: all wanted at once
--         were granted), permits in use of the burst, ms of the epoch
--
-- Atomic: all of it. Debt and what is held never exceed the burst. A permit is refilled from when it
-- was reported as spent, or its lease ended, so that no window of t seconds sees more than
-- burst + rate * t permits spent, over all holders. Stock is only given from the upper half of the
-- bucket: a scarce permit goes to whoever needs it now, not to whoever asked first for a reserve.

local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local now_ms = math.floor(now / 1000)
local mine = 'h:' .. ARGV[1]
local rate, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
local kept, returned = tonumber(ARGV[4]), tonumber(ARGV[5])
local wanted, stock, lease_ms = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])

local debt, at, old_rate = 0, now, rate
local leases, ended = {}, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 'd' then
    debt = tonumber(value)
  elseif name == 't' then
    at = math.min(now, tonumber(value))
  elseif name == 'r' then
    old_rate = tonumber(value)
  else
    local permits, ends = value:match('^(%d+) (%d+)$')
    local lease = {name = name, permits = tonumber(permits), ends = tonumber(ends)}
    table.insert(lease.ends <= now_ms and ended or leases, lease)
  end
end

local function refill(to)
  if to > at then
    debt = math.max(0, debt - (to - at) * old_rate / 1000000)
    at = to
  end
end

table.sort(ended, function(a, b) return a.ends < b.ends end)
for _, lease in ipairs(ended) do
  refill(lease.ends * 1000)
  debt = debt + lease.permits
  redis.call('HDEL', KEYS[1], lease.name)
end
refill(now)

local held, last_end, next_end, still_mine = 0, now_ms, nil, 0
for _, lease in ipairs(leases) do
  if lease.name == mine then
    still_mine = 1
    kept = math.min(kept, lease.permits)
    returned = math.min(returned, lease.permits - kept)
    debt = debt + lease.permits - kept - returned
  else
    held = held + lease.permits
    last_end = math.max(last_end, lease.ends)
    next_end = math.min(next_end or lease.ends, lease.ends)
  end
end
if still_mine == 0 then
  kept = 0
end
debt = math.min(debt, burst)

local free = math.max(0, math.floor(burst - debt - held - kept))
local granted = math.min(wanted, free)
debt = debt + granted
free = free - granted
local stocked = math.max(0, math.min(stock, free - math.floor(burst / 2)))
kept = kept + stocked
free = free - stocked

local wait = 0
if granted < wanted then
  local lacking = 1 - (burst - debt - held - kept)
  wait = math.max(1, math.ceil((now + lacking / rate * 1000000) / 1000) - now_ms)
  if lacking > debt and next_end then
    wait = math.max(wait, next_end - now_ms)
  end
end

if kept > 0 then
  last_end = math.max(last_end, now_ms + lease_ms)
  redis.call('HSET', KEYS[1], mine, string.format('%d %d', kept, now_ms + lease_ms))
elseif still_mine == 1 then
  redis.call('HDEL', KEYS[1], mine)
end
if debt > 0 or held + kept > 0 then
  redis.call('HSET', KEYS[1], 'd', string.format('%.17g', debt), 't', string.format('%.0f', now),
    'r', string.format('%.17g', rate))
  local full_ms = math.ceil((debt + held + kept) / rate * 1000)
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last_end - now_ms + full_ms + 1))
else
  redis.call('DEL', KEYS[1])
end
return {granted, stocked, still_mine, wait, burst - free, now_ms}
