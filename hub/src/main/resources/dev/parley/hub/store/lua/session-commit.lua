-- Commits a change to a session: its row, and with that how much of which files is its transcript.
--
-- KEYS  1 sessions  hash  session key -> row (JSON)
--       2 fences    hash  agent -> <token>:<node>
-- ARGV  1 session key  2 the row as it was read  3 the new row
--       4 agent  5 <token>:<node> of the activation that commits; '' for who needs none
-- Returns {1} committed; {0} the row is another by now; {-1} the agent was taken over.
-- Atomic: all of it.

if ARGV[5] ~= '' and redis.call('HGET', KEYS[2], ARGV[4]) ~= ARGV[5] then
  return {-1}
end
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return {0}
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return {1}
