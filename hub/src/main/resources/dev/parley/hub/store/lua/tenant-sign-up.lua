-- Makes a tenant and its first rows, all or nothing.
-- KEYS[1]  the tenant's row (string); KEYS[2..n] hashes of the same tenant
-- ARGV[1]  the row; then for KEYS[2..n] a field and a value each
-- Returns  1 when made, 0 when the tenant exists
if redis.call('SET', KEYS[1], ARGV[1], 'NX') == false then
  return 0
end
for i = 2, #KEYS do
  redis.call('HSET', KEYS[i], ARGV[2 * i - 2], ARGV[2 * i - 1])
end
return 1
