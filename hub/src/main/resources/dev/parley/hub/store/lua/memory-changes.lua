-- What became of the documents of memory since a revision, in its order.
--
-- KEYS  1 heads  2 changes  3 gone  4 meta, as in memory-commit and memory-forget
-- ARGV  1 since this revision  2 most changes of each kind
-- Returns {epoch or empty, last revision, floor, complete up to this revision,
--          <agent>/<id>, revision, head or empty, …}.
-- Atomic: reads only.

local meta = redis.call('HMGET', KEYS[4], 'epoch', 'revision', 'floor')
local most = tonumber(ARGV[2])
local last = tonumber(meta[2] or '0')
local upTo = last
local function since(key)
  local found = redis.call(
      'ZRANGEBYSCORE', key, '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, most)
  if #found == 2 * most then
    upTo = math.min(upTo, tonumber(found[#found]))
  end
  return found
end
local written, deleted = since(KEYS[2]), since(KEYS[3])
local result = {meta[1] or '', last, tonumber(meta[3] or '0'), upTo}
local function tell(found, key)
  for i = 1, #found, 2 do
    local revision = tonumber(found[i + 1])
    if revision <= upTo then
      result[#result + 1] = found[i]
      result[#result + 1] = revision
      result[#result + 1] = key and redis.call('HGET', key, found[i]) or ''
    end
  end
end
tell(written, KEYS[1])
tell(deleted, nil)
return result
