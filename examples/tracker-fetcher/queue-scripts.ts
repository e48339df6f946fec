/**
 * What must happen to the queues in one step, as Lua. KEYS: immediate, hot, warm, cold, retry, leased, leases.
 * `leases` holds `token|tier|due` per leased tracker: whose lease it is, and where the tracker goes back to.
 */
const TO_ORIGIN = `
local function give_back(id, tier, due)
  redis.call('ZREM', KEYS[6], id)
  redis.call('HDEL', KEYS[7], id)
  if tier == 'immediate' then redis.call('RPUSH', KEYS[1], id)
  else redis.call('ZADD', ({hot = KEYS[2], warm = KEYS[3], cold = KEYS[4], retry = KEYS[5]})[tier], due, id) end
end
local function lease_of(id)
  local lease = redis.call('HGET', KEYS[7], id)
  if lease then return string.match(lease, '^(.*)|(.*)|(.*)$') end
end
`

/** ARGV: now, limit, lease expiry, token. Gives expired leases back first. Returns {tier, id, due, id, due…} or {'', next due or ''}. */
export const LEASE = `${TO_ORIGIN}
local now = tonumber(ARGV[1])
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[6], '-inf', ARGV[1])) do
  local token, tier, due = lease_of(id)
  if token then give_back(id, tier, due) else redis.call('ZREM', KEYS[6], id) end
end
local taken = {}
local function take(id, tier, due)
  for i = 2, 5 do redis.call('ZREM', KEYS[i], id) end
  redis.call('ZADD', KEYS[6], ARGV[3], id)
  redis.call('HSET', KEYS[7], id, ARGV[4] .. '|' .. tier .. '|' .. due)
  table.insert(taken, id)
  table.insert(taken, due)
end
while #taken < 2 * tonumber(ARGV[2]) do
  local id = redis.call('RPOP', KEYS[1])
  if not id then break end
  if not redis.call('ZSCORE', KEYS[6], id) then take(id, 'immediate', ARGV[1]) end
end
if #taken > 0 then return {'immediate', unpack(taken)} end
local tiers = {'hot', 'warm', 'cold', 'retry'}
local oldest, oldest_due
for i = 1, 4 do
  local first = redis.call('ZRANGE', KEYS[i + 1], 0, 0, 'WITHSCORES')
  if first[2] and (not oldest_due or tonumber(first[2]) < tonumber(oldest_due)) then oldest, oldest_due = i, first[2] end
end
if not oldest or tonumber(oldest_due) > now then return {'', oldest_due or ''} end
local due = redis.call('ZRANGEBYSCORE', KEYS[oldest + 1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #due, 2 do take(due[i], tiers[oldest], due[i + 1]) end
return {tiers[oldest], unpack(taken)}
`

/** ARGV: token, then id, tier or '' (not scheduled again), due. Trackers whose lease was taken away meanwhile are left alone. */
export const SETTLE = `${TO_ORIGIN}
local settled = 0
for i = 2, #ARGV, 3 do
  local id, tier, due = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if lease_of(id) == ARGV[1] then
    settled = settled + 1
    if tier == '' then
      redis.call('ZREM', KEYS[6], id)
      redis.call('HDEL', KEYS[7], id)
    else give_back(id, tier, due) end
  end
end
return settled
`

/** ARGV: token, then ids. They are as due as they were before. */
export const RELEASE = `${TO_ORIGIN}
for i = #ARGV, 2, -1 do
  local token, tier, due = lease_of(ARGV[i])
  if token == ARGV[1] then give_back(ARGV[i], tier, due) end
end
return 1
`
