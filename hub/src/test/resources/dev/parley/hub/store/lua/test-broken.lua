-- Fails half way, as a defect would; for tests.
-- Keys:      1 any key
-- Arguments: none
-- Result:    never one
-- Atomicity: writes nothing
return redis.call('INCRBY', KEYS[1], 'no number')
