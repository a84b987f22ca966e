-- Defines an agent of a tenant, or changes one that is there.
--
-- KEYS  1 agents  hash  id -> definition (JSON)
-- ARGV  1 create | update  2 id  3 the definition  4 limit of agents, for create
-- Returns {1} written; {0} there is one already, or for update none; {-1, count} at the limit.
-- Atomic: all of it.

local there = redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1
if there ~= (ARGV[1] == 'update') then
  return {0}
end
if not there then
  local used = redis.call('HLEN', KEYS[1])
  if used >= tonumber(ARGV[4]) then
    return {-1, used}
  end
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return {1}
