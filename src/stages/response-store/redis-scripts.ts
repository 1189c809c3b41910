/**
 * The keys, all behind a prefix with a hash tag, so that they are together in a cluster:
 * `text:<owner>:<id>` is what is kept, and expires by itself; `used` and `used:<owner>` are sorted sets of ids by when they
 * were used last; `meta` has by id the owner, the bytes and the items as JSON; `items:<owner>` has ids of responses by their
 * items; `bytes` has totals by owner, and that of all under an empty name.
 */
export const KEY_PREFIX = "{inference-gateway:responses}:";

/** So many that are too old are dropped with each that is kept. */
const MAX_EXPIRED = 64;

const DROP = `
local p = KEYS[1]
local function drop(id)
  redis.call('ZREM', p .. 'used', id)
  local meta = redis.call('HGET', p .. 'meta', id)
  if not meta then return end
  local owner, bytes, items = unpack(cjson.decode(meta))
  redis.call('HDEL', p .. 'meta', id)
  redis.call('ZREM', p .. 'used:' .. owner, id)
  redis.call('DEL', p .. 'text:' .. owner .. ':' .. id)
  for _, item in ipairs(items) do
    if redis.call('HGET', p .. 'items:' .. owner, item) == id then redis.call('HDEL', p .. 'items:' .. owner, item) end
  end
  if redis.call('HINCRBY', p .. 'bytes', owner, -bytes) <= 0 then redis.call('HDEL', p .. 'bytes', owner) end
  redis.call('HINCRBY', p .. 'bytes', '', -bytes)
end
`;

/** Arguments: owner, id, time, time to live, most bytes of an owner and of all, bytes, meta, text, items as JSON, chain. */
export const PUT = `${DROP}
local owner, id, now, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
for _, old in ipairs(redis.call('ZRANGEBYSCORE', p .. 'used', '-inf', now - ttl, 'LIMIT', 0, ${MAX_EXPIRED})) do drop(old) end
redis.call('SET', p .. 'text:' .. owner .. ':' .. id, ARGV[9], 'PX', ttl)
redis.call('HSET', p .. 'meta', id, ARGV[8])
redis.call('ZADD', p .. 'used', now, id)
redis.call('ZADD', p .. 'used:' .. owner, now, id)
redis.call('HINCRBY', p .. 'bytes', owner, ARGV[7])
redis.call('HINCRBY', p .. 'bytes', '', ARGV[7])
for _, item in ipairs(cjson.decode(ARGV[10])) do redis.call('HSET', p .. 'items:' .. owner, item, id) end
for index = 11, #ARGV do
  if redis.call('ZSCORE', p .. 'used:' .. owner, ARGV[index]) then
    redis.call('ZADD', p .. 'used', now, ARGV[index])
    redis.call('ZADD', p .. 'used:' .. owner, now, ARGV[index])
    redis.call('PEXPIRE', p .. 'text:' .. owner .. ':' .. ARGV[index], ttl)
  end
end
local function make_room(total, set, limit)
  while tonumber(redis.call('HGET', p .. 'bytes', total) or '0') > limit do
    local oldest = redis.call('ZRANGE', set, 0, 1)
    local victim = oldest[1] == id and oldest[2] or oldest[1]
    if not victim then return end
    drop(victim)
  end
end
make_room(owner, p .. 'used:' .. owner, tonumber(ARGV[5]))
make_room('', p .. 'used', tonumber(ARGV[6]))
for _, key in ipairs({'used', 'used:' .. owner, 'meta', 'items:' .. owner, 'bytes'}) do redis.call('PEXPIRE', p .. key, ttl) end
`;

/** Arguments: owner, the time after which a response must have been used, ids. */
export const READ = `
local p, owner, oldest, texts = KEYS[1], ARGV[1], tonumber(ARGV[2]), {}
for index = 3, #ARGV do
  local used = redis.call('ZSCORE', p .. 'used:' .. owner, ARGV[index])
  texts[index - 2] = used and tonumber(used) > oldest and redis.call('GET', p .. 'text:' .. owner .. ':' .. ARGV[index]) or false
end
return texts
`;

/** Arguments: owner, the time after which the response must have been used, its id. */
export const REMOVE = `${DROP}
local used = redis.call('ZSCORE', p .. 'used:' .. ARGV[1], ARGV[3])
if not used or tonumber(used) <= tonumber(ARGV[2]) then return 0 end
drop(ARGV[3])
return 1
`;
