-- Answers one value of each kind that a script may return; for tests.
-- Keys:      1 a counter
-- Arguments: 1 an amount to add
-- Result:    the new count (integer), its key's type (status), the amount (string), nil, true, 7.9
-- Atomicity: the count is read and written in one step
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
return {count, redis.call('TYPE', KEYS[1]), ARGV[1], false, true, 7.9}
