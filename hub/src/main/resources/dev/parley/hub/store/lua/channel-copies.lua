-- Several copies of channels of one tenant by their ids.
--
-- KEYS  1 channels  hash  id -> copy (JSON)
-- ARGV  ids
-- Returns the copies (JSON) that there are, in no promised order.

local copies = {}
for _, id in ipairs(ARGV) do
  local copy = redis.call('HGET', KEYS[1], id)
  if copy then
    copies[#copies + 1] = copy
  end
end
return copies
