import { NOW, type Script } from './script.ts'

/**
 * One instance's minute in the history of its service. Both streams are trimmed exactly, and each ends with its last entry though nobody
 * trims it any more.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:history:<service>` | 1 | retention (ms) |
 * | 2 | `{health}:alerts` | 2… | names and values in turns, see src/publish/history.ts |
 */
export const HISTORY: Script = {
  numberOfKeys: 2,
  lua: `${NOW}
local oldest = format('%.0f', now - ARGV[1])
call('XADD', KEYS[1], 'MINID', '=', oldest, '*', (table.unpack or unpack)(ARGV, 2))
call('PEXPIRE', KEYS[1], ARGV[1])
call('XTRIM', KEYS[2], 'MINID', '=', oldest)
return '1'`,
}
