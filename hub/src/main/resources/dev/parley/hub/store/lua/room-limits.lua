-- Sets what an open room may cost.
--
-- KEYS  1 head  as in room-create
-- ARGV  1 posts a minute, empty to keep  2 deliveries a day, empty to keep
-- Returns {1} set; {-1} there is no such room; {-2} it is closed.
-- Atomic: all of it.

if redis.call('EXISTS', KEYS[1]) == 0 then
  return {-1}
end
if redis.call('HEXISTS', KEYS[1], 'x') == 1 then
  return {-2}
end
if ARGV[1] ~= '' then
  redis.call('HSET', KEYS[1], 'ppm', ARGV[1])
end
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], 'dpd', ARGV[2])
end
return {1}
