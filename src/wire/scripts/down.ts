import { NOW, type Script } from './script.ts'

/** Milliseconds. */
const KEPT_MS = 86_400_000

/**
 * A supervisor says that an instance does not run, and that it starts it if it is asked to. It says so again before the time is up.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:down:<service>` | 1 | instance |
 * | | | 2 | for so long (ms); `0`: no more |
 */
export const DOWN: Script = {
  numberOfKeys: 1,
  lua: `${NOW}
call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. format('%.0f', now))
if ARGV[2] == '0' then call('ZREM', KEYS[1], ARGV[1]) return '1' end
call('ZADD', KEYS[1], format('%.0f', now + ARGV[2]), ARGV[1])
call('PEXPIRE', KEYS[1], '${KEPT_MS}')
return '1'`,
}
