-- Uses an invite code once, or gives a use back, keeping the code's end.
-- KEYS[1]  uses left (string)
-- ARGV[1]  -1 to use, 1 to give back
-- Returns  1 when done, 0 when there is no such code or no use left
local left = tonumber(redis.call('GET', KEYS[1]))
if left == nil or left + tonumber(ARGV[1]) < 0 then
  return 0
end
redis.call('SET', KEYS[1], left + tonumber(ARGV[1]), 'KEEPTTL')
return 1
