-- Stands before the hub's own script in a run of chaos without fencing: commits whoever holds the
-- agent. Keys, arguments and results are the same.

if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return {0}
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return {1}
