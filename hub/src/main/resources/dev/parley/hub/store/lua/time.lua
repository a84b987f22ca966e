-- Tells the time.
--
-- KEYS  1 of the platform, for its shard; nothing is kept there
-- Returns the time (us of the epoch).

local clock = redis.call('TIME')
return clock[1] * 1000000 + clock[2]
