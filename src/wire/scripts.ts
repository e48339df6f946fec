/**
 * The Lua that writes to the health Redis. Every key is declared in KEYS (Dragonfly demands it, a cluster routes by it), numbers go
 * in and out as text (Lua 5.1 and 5.4 print them differently), and the first write of each script is one that a full or read-only
 * server refuses, so that a refused script has changed nothing.
 */

export interface Script {
  readonly lua: string
  readonly numberOfKeys: number
}

/**
 * Compare before set. An alert may be written if it is as the writer last saw it: its rev is the expected one, or it was last written
 * by the same process, whose writes are numbered. A write that is found to have happened (its answer was lost) is not repeated.
 * A hash that is gone was lost with the server's memory and may be written.
 */
const COMPARE = `
local held = redis.call('HMGET', KEYS[1], 'rev', 'writer', 'n')
local rev = held[1] or '0'
if held[2] == ARGV[2] then
  if tonumber(held[3]) >= tonumber(ARGV[3]) then return {2, rev, ''} end
elseif held[1] and rev ~= ARGV[1] then
  return {0, rev, redis.call('HGET', KEYS[1], 'doc')}
end`

/** Milliseconds of the server's clock. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/** Days to a date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. */
const ISO = `
local function iso(ms)
  local floor = math.floor
  local day = floor(ms / 86400000)
  local s = floor(ms / 1000) - day * 86400
  local z = day + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, doy - floor((153 * mp + 2) / 5) + 1, floor(s / 3600),
    floor(s / 60) % 60, s % 60, ms % 1000)
end`

/** The alert itself. One that is open is kept and listed; any other is kept for 30 days. */
const KEEP = `
redis.call('HSET', KEYS[1], 'rev', seq, 'doc', '{"v":1,' .. ARGV[4] .. ',"timers":' .. ARGV[5] .. '}', 'writer', ARGV[2], 'n', ARGV[3])
if ARGV[8] == 'open' then
  if held[1] then redis.call('PERSIST', KEYS[1]) end
  redis.call('ZADD', KEYS[2], ARGV[7], ARGV[6])
else
  redis.call('PEXPIRE', KEYS[1], '2592000000')
  redis.call('ZREM', KEYS[2], ARGV[6])
end`

/**
 * Writes one transition and tells it. Answers {1, rev, id}; {2, rev, ''} if it had been written before; {0, rev, doc} if the alert
 * is not as expected.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:alert:<id>` | 1 | expected rev |
 * | 2 | `{health}:open` | 2, 3 | writer, number of its write |
 * | 3 | `{health}:alerts` | 4 | fields of document and message |
 * | 4 | `{health}:meta` | 5 | timers of the document |
 * | | | 6, 7, 8 | alert id, since (epoch ms), `open` or `other` |
 * | | | 9, 10 | channel, retention (ms) |
 */
export const TRANSITION: Script = {
  numberOfKeys: 4,
  lua: `${COMPARE}${NOW}${ISO}
local meta = redis.call('HMGET', KEYS[4], 'seq', 'epoch', 'ms')
local seq = string.format('%.0f', tonumber(meta[1] or '0') + 1)
local ms = math.max(now, tonumber(meta[3] or '0'))
local at = string.format('%.0f', ms)
local epoch = meta[2]
if epoch then redis.call('HSET', KEYS[4], 'seq', seq, 'ms', at) else
  epoch = ARGV[2] .. '-' .. at
  redis.call('HSET', KEYS[4], 'seq', seq, 'ms', at, 'epoch', epoch)
end
local id = at .. '-' .. seq
local message = '{"v":1,"id":"' .. id .. '","epoch":"' .. epoch .. '","seq":' .. seq .. ',"rev":' .. seq .. ',"timestamp":"' .. iso(ms)
  .. '",' .. ARGV[4] .. '}'
redis.call('XADD', KEYS[3], id, 'd', message)
if seq % 16 == 0 then redis.call('XTRIM', KEYS[3], 'MINID', '~', string.format('%.0f', ms - ARGV[10])) end
${KEEP}
redis.call('PUBLISH', ARGV[9], message)
return {1, seq, id}`,
}

/**
 * Saves an alert without telling anybody: a pending one, or an open one that the server has lost. Answers as TRANSITION does, id ''.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:alert:<id>` | 1 | expected rev |
 * | 2 | `{health}:open` | 2, 3 | writer, number of its write |
 * | | | 4, 5 | fields, timers |
 * | | | 6, 7, 8 | alert id, since (epoch ms), `open` or `other` |
 */
export const SAVE: Script = {
  numberOfKeys: 2,
  lua: `${COMPARE}
local seq = rev
${KEEP}
return {1, rev, ''}`,
}

/**
 * One status message: kept until it is silence, counted as a sign of life, published. The last one of an instance that stops takes
 * the instance off the lists, and the service with its last instance.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:status:<service>:<instance>` | 1, 2 | channel, message |
 * | 2 | `{health}:services` | 3 | kept for (ms) |
 * | 3 | `{health}:instances:<service>` | 4, 5 | service, instance |
 * | | | 6 | other instances are forgotten after (ms) |
 * | | | 7 | `alive` or `stopped` |
 */
export const BEAT: Script = {
  numberOfKeys: 3,
  lua: `${NOW}
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', now - ARGV[6]))
if ARGV[7] == 'stopped' then
  redis.call('ZREM', KEYS[3], ARGV[5])
  if redis.call('EXISTS', KEYS[3]) == 0 then redis.call('ZREM', KEYS[2], ARGV[4]) end
else
  local at = string.format('%.0f', now)
  redis.call('ZADD', KEYS[3], at, ARGV[5])
  redis.call('ZADD', KEYS[2], at, ARGV[4])
end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return {1}`,
}

/**
 * One instance's minute in the history of its service.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:history:<service>` | 1 | retention (ms) |
 * | | | 2, 3 | instance, status |
 * | | | 4, 5 | counts, gauges (JSON) |
 */
export const HISTORY: Script = {
  numberOfKeys: 1,
  lua: `${NOW}
redis.call('XADD', KEYS[1], 'MINID', '~', string.format('%.0f', now - ARGV[1]), '*', 'instance', ARGV[2], 'status', ARGV[3],
  'counts', ARGV[4], 'gauges', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {1}`,
}

/**
 * Trims both streams exactly. `MINID ~` of XADD removes whole nodes only, and nothing at all while nothing is added.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1, 2 | `{health}:alerts`, `{health}:history:<service>` | 1 | retention (ms) |
 */
export const TRIM: Script = {
  numberOfKeys: 2,
  lua: `${NOW}
local oldest = string.format('%.0f', now - ARGV[1])
return {redis.call('XTRIM', KEYS[1], 'MINID', '=', oldest), redis.call('XTRIM', KEYS[2], 'MINID', '=', oldest)}`,
}
