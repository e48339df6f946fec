import type { ShardNames } from '../names.ts'
import { NOW, publish, type Script } from './script.ts'

/**
 * Who looks after a process says that it has ended without having said so itself. One that is started again stays on the list of instances: the
 * process that takes its place is to be counted as a restart. One that stays down is taken off, for it is not missed.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:status:<service>:<instance>` | 1, 2 | channel, message |
 * | 2 | `{health}:instances:<service>` | 3 | kept for (ms) |
 * | 3 | `{health}:services` | 4, 5 | service, instance |
 * | 4 | `{health}:due` | 6 | `back` or `down` |
 * | 5 | `{health}:draining:<service>` | 7 | how long ago it ended (ms) |
 *
 * Answers `1`, or `0` if a process of that name has beaten since: it says how it is itself.
 */
export const DEATH: Script = {
  numberOfKeys: 5,
  lua: `${NOW}
local unheard
local beatAt = tonumber(call('ZSCORE', KEYS[2], ARGV[5]) or '0')
if beatAt > now - ARGV[7] then return '0' end
call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if ARGV[6] == 'down' then
  call('ZREM', KEYS[2], ARGV[5])
  call('ZREM', KEYS[5], ARGV[5])
  call('ZADD', KEYS[3], format('%.0f', now), ARGV[4])
  if call('EXISTS', KEYS[2]) == 0 then call('ZADD', KEYS[4], format('%.0f', now + ARGV[3]), ARGV[4]) end
end
do${publish('ARGV[1]', 'ARGV[2]')}
end
return unheard or '1'`,
}

export function deathKeys(names: ShardNames, service: string, instance: string): readonly string[] {
  return [names.status(service, instance), names.instances(service), names.services, names.due, names.draining(service)]
}
