-- Puts a message into a room, once, and says who gets it.
--
-- KEYS  1 head, 2 members as in room-create
--       3 listeners  hash    agent -> how it listens, JSON: m(ode), t(ags), e(very ms)
--       4 log        stream  the messages, entry <offset>-0: p(ost), t(ime)
--       5 digests    hash    agent -> <last offset told> <when>, and after failures <how many> <pause
--                            until>
--       6 once       hash    of the sender's id: f(ingerprint), o(ffset), r(esult)
-- ARGV  1 now (ms)  2 sender's tenant  3 sender  4 fingerprint  5 the post (JSON)
--       6 retention (ms)  7 most messages kept  8 agents mentioned, by spaces  9 tags, by spaces
--       10 most bytes kept
-- Returns {1, offset, post, agents, due, tenants}: agents to deliver to, by spaces; when the first
--       digest is due, -1 for none; tenants that are in the room. {2, offset, result}: it was
--       posted and delivered before. {-1} there is no such room or the sender is not in it; {-2} it
--       is closed; {-3} another message has this id; {-4, limit, ms to wait} posts of the minute;
--       {-5, limit, ms to wait} deliveries of the day.
-- Atomic: all of it. Posting what was posted and not delivered again costs no budget; posting
-- again writes again, for replicas to confirm.

local now = tonumber(ARGV[1])
local function joined(party)
  local state = redis.call('HGET', KEYS[2], party)
  return state and state:sub(1, 1) == 'j'
end
local function tenantOf(agent)
  return agent:match('^[^/]+')
end
if redis.call('EXISTS', KEYS[1]) == 0 or not (joined(ARGV[2]) or joined(ARGV[3])) then
  return {-1}
end
local known = redis.call('HMGET', KEYS[6], 'f', 'o', 'r')
if known[1] then
  if known[1] ~= ARGV[4] then
    return {-3}
  end
  redis.call('HSET', KEYS[6], 'f', ARGV[4])
  if known[3] then
    return {2, tonumber(known[2]), known[3]}
  end
end
local head = redis.call('HMGET', KEYS[1], 'x', 'ppm', 'dpd', 'min', 'minN', 'day', 'dayN')
if head[1] then
  return {-2}
end

local tags, taken, agents, due = {}, {}, {}, -1
for tag in ARGV[9]:gmatch('%S+') do
  tags[tag] = true
end
local function take(agent)
  if agent ~= ARGV[3] and not taken[agent] then
    taken[agent] = true
    agents[#agents + 1] = agent
  end
end
for agent in ARGV[8]:gmatch('%S+') do
  if joined(agent) or joined(tenantOf(agent)) then
    take(agent)
  end
end
local listeners = redis.call('HGETALL', KEYS[3])
for i = 1, #listeners, 2 do
  local agent, how = listeners[i], cjson.decode(listeners[i + 1])
  if how.m == 'all' then
    take(agent)
  elseif how.m == 'interest' then
    for _, tag in ipairs(how.t) do
      if tags[tag] then
        take(agent)
      end
    end
  elseif how.m == 'digest' then
    local told = redis.call('HGET', KEYS[5], agent) or '0 0'
    local at = math.max(now, tonumber(told:match('^%d+ (%d+)')) + how.e)
    due = due < 0 and at or math.min(due, at)
  end
end
local tenants, seen = {}, {}
local members = redis.call('HGETALL', KEYS[2])
for i = 1, #members, 2 do
  local tenant = tenantOf(members[i])
  if members[i + 1]:sub(1, 1) == 'j' and not seen[tenant] then
    seen[tenant] = true
    tenants[#tenants + 1] = tenant
  end
end

local offset, post = tonumber(known[2] or 0), ARGV[5]
if known[1] then
  local entry = redis.call('XRANGE', KEYS[4], known[2] .. '-0', known[2] .. '-0')[1]
  post = entry and entry[2][2] or post
else
  local minute, day = math.floor(now / 60000), math.floor(now / 86400000)
  local posts = tonumber(head[4]) == minute and tonumber(head[5]) or 0
  local deliveries = tonumber(head[6]) == day and tonumber(head[7]) or 0
  if posts + 1 > tonumber(head[2]) then
    return {-4, tonumber(head[2]), (minute + 1) * 60000 - now}
  end
  if #agents > 0 and deliveries + #agents > tonumber(head[3]) then
    return {-5, tonumber(head[3]), (day + 1) * 86400000 - now}
  end
  redis.call('HSET', KEYS[1], 'min', minute, 'minN', posts + 1, 'day', day,
    'dayN', deliveries + #agents)
  offset = redis.call('HINCRBY', KEYS[1], 'seq', 1)
  redis.call('XADD', KEYS[4], offset .. '-0', 'p', post, 't', ARGV[1])
  local kept = redis.call('HINCRBY', KEYS[1], 'bytes', #post)
  local length = redis.call('XLEN', KEYS[4])
  local entry = redis.call('XRANGE', KEYS[4], '-', '+', 'COUNT', 1)[1]
  while entry and length > 1 and (length > tonumber(ARGV[7]) or kept > tonumber(ARGV[10])
      or tonumber(entry[2][4]) + tonumber(ARGV[6]) < now) do
    redis.call('XDEL', KEYS[4], entry[1])
    length = length - 1
    kept = redis.call('HINCRBY', KEYS[1], 'bytes', -#entry[2][2])
    entry = redis.call('XRANGE', KEYS[4], '-', '+', 'COUNT', 1)[1]
  end
  redis.call('HSET', KEYS[6], 'f', ARGV[4], 'o', offset)
  redis.call('PEXPIRE', KEYS[6], ARGV[6])
end
return {1, offset, post, table.concat(agents, ' '), string.format('%.0f', due),
  table.concat(tenants, ' ')}
