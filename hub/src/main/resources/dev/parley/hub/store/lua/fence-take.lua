-- Takes an agent over: whoever held it before can commit nothing any more.
--
-- KEYS  1 fences  hash  agent -> <token>:<node>
-- ARGV  1 agent  2 node
-- Returns {token}, one more than the last.
-- Atomic: all of it.

local held = redis.call('HGET', KEYS[1], ARGV[1])
local token = 1
if held then
  token = tonumber(string.match(held, '^%d+')) + 1
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d:%s', token, ARGV[2]))
return {token}
