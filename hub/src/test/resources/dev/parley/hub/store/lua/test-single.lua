-- Answers its argument; for tests.
-- Keys:      none
-- Arguments: 1 any string
-- Result:    the string
-- Atomicity: touches nothing
return ARGV[1]
