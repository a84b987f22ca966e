-- Returns a list inside a list, which the store does not carry; for tests.
-- Keys:      none
-- Arguments: none
-- Result:    a nested list
-- Atomicity: touches nothing
return {1, {2}}
