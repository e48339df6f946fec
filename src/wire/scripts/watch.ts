import type { ShardNames } from '../names.ts'
import type { Script } from './script.ts'

/**
 * Whose turn it is to notice services that fall silent, for one who publishes nothing: as with a beat, the turn is taken where nobody has it,
 * and kept for a while.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:watcher` | 1 | who asks, by a name that no instance has |
 * | 2 | `{health}:due` | 2 | kept for (ms); `0`: given back |
 *
 * Answers {whether it is its turn (`1` or `0`), ms until the next service is due, or nothing where none is}.
 */
export const WATCH: Script = {
  numberOfKeys: 2,
  lua: `
local call, format = redis.call, string.format
local watcher = call('GET', KEYS[1])
if ARGV[2] == '0' then
  if watcher == ARGV[1] then call('DEL', KEYS[1]) end
  return {'0', ''}
end
if not watcher or watcher == ARGV[1] then
  watcher = ARGV[1]
  call('SET', KEYS[1], watcher, 'PX', ARGV[2])
end
local time = call('TIME')
local nextDue = call('ZRANGE', KEYS[2], '0', '0', 'WITHSCORES')[2]
return {watcher == ARGV[1] and '1' or '0', nextDue and format('%.0f', nextDue - time[1] * 1000 - math.floor(time[2] / 1000)) or ''}`,
}

export type WatchReply = readonly [isWatcher: '0' | '1', nextDueMs: string]

/** Keys and arguments of WATCH. `forMs`: 0 gives the turn back. */
export function watchArguments(names: ShardNames, who: string, forMs: number): readonly string[] {
  return [names.watcher, names.due, who, String(forMs)]
}
