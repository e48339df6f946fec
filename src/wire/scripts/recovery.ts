/**
 * Who restarts an instance of a service at the moment: only a share of them at once, so that the others go on. A claim ends by itself when
 * who has it says nothing more.
 */
import type { ShardNames } from '../names.ts'
import { NOW, type Script } from './script.ts'

/** Of so many live instances one is in recovery at once, and one where there are fewer. */
const ONE_OF = 3

/**
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:recovering:<service>` | 1 | who recovers |
 * | 2 | `{health}:instances:<service>` | 2 | `take` if there is room, `join` whether there is or not, `release` |
 * | | | 3 | how long it holds (ms) |
 * | | | 4 | an instance that beat so long ago is alive (ms) |
 *
 * Answers `1` if it has it (or had it to release), `0` if others recover. Taken again by who has it, it is renewed.
 */
export const RECOVERY: Script = {
  numberOfKeys: 2,
  lua: `${NOW}
call('ZREMRANGEBYSCORE', KEYS[1], '-inf', format('%.0f', now))
if ARGV[2] == 'release' then return format('%.0f', call('ZREM', KEYS[1], ARGV[1])) end
if ARGV[2] == 'take' and not call('ZSCORE', KEYS[1], ARGV[1]) then
  local live = call('ZCOUNT', KEYS[2], format('%.0f', now - ARGV[4]), '+inf')
  if call('ZCARD', KEYS[1]) >= math.max(1, math.floor(live / ${ONE_OF})) then return '0' end
end
call('ZADD', KEYS[1], format('%.0f', now + ARGV[3]), ARGV[1])
call('PEXPIRE', KEYS[1], ARGV[3])
return '1'`,
}

export function recoveryKeys(names: ShardNames, service: string): readonly string[] {
  return [names.recovering(service), names.instances(service)]
}
