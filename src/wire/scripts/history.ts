import { NOW, type Script } from './script.ts'

/** Milliseconds. */
export const COUNTED_KEPT_MS = 86_400_000

/**
 * One instance's minute in the history of its service, and what it counted in it. All streams are trimmed exactly, and each ends with its
 * last entry though nobody trims it any more. What was counted is kept for a day whatever the retention is: processes go by it.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:history:<service>` | 1 | retention (ms) |
 * | 2 | `{health}:alerts` | 2, 3 | instance, what it counted (JSON; empty: nothing) |
 * | 3 | `{health}:counted:<service>` | 4… | names and values in turns, see src/publish/history.ts |
 */
export const HISTORY: Script = {
  numberOfKeys: 3,
  lua: `${NOW}
local oldest = format('%.0f', now - ARGV[1])
call('XADD', KEYS[1], 'MINID', '=', oldest, '*', (table.unpack or unpack)(ARGV, 4))
call('PEXPIRE', KEYS[1], ARGV[1])
call('XTRIM', KEYS[2], 'MINID', '=', oldest)
if ARGV[3] ~= '' then
  call('XADD', KEYS[3], 'MINID', '=', format('%.0f', now - ${COUNTED_KEPT_MS}), '*', 'instance', ARGV[2], 'counted', ARGV[3])
  call('PEXPIRE', KEYS[3], '${COUNTED_KEPT_MS}')
end
return '1'`,
}
