/**
 * What the Lua that writes to the health Redis has in common. Every key is declared in KEYS (Dragonfly demands it, a cluster routes by it),
 * and numbers go in and out as text (Lua 5.1 and 5.4 print them differently).
 */

export interface Script {
  readonly lua: string
  readonly numberOfKeys: number
}

/** Milliseconds of the server's clock. */
export const NOW = `
local call, format = redis.call, string.format
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/** Days to a date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. */
export const ISO = `
local isoDay, isoDate
local function iso(ms)
  local floor = math.floor
  local day = floor(ms / 86400000)
  if day ~= isoDay then
    local z = day + 719468
    local era = floor(z / 146097)
    local doe = z - era * 146097
    local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
    local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
    local mp = floor((5 * doy + 2) / 153)
    local month = mp < 10 and mp + 3 or mp - 9
    local year = yoe + era * 400 + (month <= 2 and 1 or 0)
    isoDay, isoDate = day, format('%04d-%02d-%02dT', year, month, doy - floor((153 * mp + 2) / 5) + 1)
  end
  local s = floor(ms / 1000) - day * 86400
  return format('%s%02d:%02d:%02d.%03dZ', isoDate, floor(s / 3600), floor(s / 60) % 60, s % 60, ms % 1000)
end`

/**
 * Lua that publishes. A channel that refuses is reported by `unheard`, for by then whatever else was to be written is. Not a function: what a
 * script makes anew each time costs more than what it does, and this is what an alert waits for.
 */
export function publish(channel: string, message: string): string {
  return `
  local answer = redis.pcall(string.byte(${channel}) == 123 and 'SPUBLISH' or 'PUBLISH', ${channel}, ${message})
  if type(answer) == 'table' and answer.err then unheard = answer end`
}

/** So seldom is it said anew when the stream of alerts ends: this, or a hundredth of the retention where that is shorter. */
const LONGEST_SLACK_MS = 15_000

/** The fields of `{health}:meta`, as `tell` needs them in `meta`. */
export const META = (key: string): string => `call('HMGET', ${key}, 'seq', 'epoch', 'ms')`

/**
 * Lua that tells a transition: the entry in the stream, whose text is `message` afterwards, as `rev` and `epoch` are its number and epoch. What
 * cannot be told raises an error before anything else is changed. The stream is trimmed exactly, and ends by itself within half a minute after
 * its last entry is due, so that it is right though nobody is there to trim it.
 */
export function tell(stream: string, meta: string, fields: string, { retention, epochs }: { retention: string; epochs: string }): string {
  return `
  local ms = math.max(now, tonumber(meta[3] or '0'))
  local at = format('%.0f', ms)
  rev = format('%.0f', (meta[1] or 0) + 1)
  epoch = meta[2] or ${epochs} .. '-' .. at
  message = '{"v":1,"id":"' .. at .. '-' .. rev .. '","epoch":"' .. epoch .. '","seq":' .. rev .. ',"rev":' .. rev .. ',"timestamp":"'
    .. iso(ms) .. '",' .. ${fields} .. '}'
  call('XADD', ${stream}, 'MINID', '=', format('%.0f', ms - ${retention}), at .. '-' .. rev, 'd', message)
  call('HSET', ${meta}, 'seq', rev, 'ms', at, 'epoch', epoch)
  local slack = math.min(${LONGEST_SLACK_MS}, ${retention} / 100)
  if ms - (meta[3] or 0) > slack or rev == '1' then call('PEXPIRE', ${stream}, format('%.0f', ${retention} + 2 * slack)) end`
}

/** An alert that is over is kept for 30 days. Milliseconds. */
export const KEPT_AFTER_RESOLVE_MS = 2_592_000_000
