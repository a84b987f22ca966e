-- Some messages that are on their way to their senders' dead letters, about a hundred.
--
-- KEYS  1 dead  as in mail-end
-- Returns {seq, letter, …}; empty when there are none.
-- Atomic: reads only.

local cursor = '0'
repeat
  local found = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', 100)
  if #found[2] > 0 then
    return found[2]
  end
  cursor = found[1]
until cursor == '0'
return {}
