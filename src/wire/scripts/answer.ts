/** What becomes of a request, said by who was asked: at most one process of an instance has it, and it ends once. */
import type { ShardNames } from '../names.ts'
import { REQUESTS_KEPT_MS } from './request.ts'
import { NOW, type Script } from './script.ts'

/** Who took a request is known for longer than any pause lasts, and far longer than any request may be begun with. Milliseconds. */
const TAKEN_KEPT_MS = 8 * 86_400_000
/** Of a service, and of all of them, about. */
const MOST_ANSWERS = 10_000
const MOST_OUTCOMES = 10_000

/**
 * `accepted` takes the request for a process, unless another has it or it is too late; said again it is what has come of it so far, and only
 * the newest of those is kept. `done`, `failed` and `refused` end it, and whoever ends it first does: after a restart another process may.
 * After that only `ended` is said, once.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:answers:<service>` | 1 | the answer, as it was signed |
 * | 2 | `{health}:taken:<service>:<request>` | 2 | instance |
 * | 3 | `{health}:outcomes` | 3 | `accepted`, `refused`, `done`, `failed` or `ended` |
 * | | | 4 | the process, by a name that no other has, without white space |
 * | | | 5 | until when it may be taken (ms) |
 *
 * Answers `ours`: it is this process that has it, or has ended it; also when it asks a second time, because an answer was lost. `taken`:
 * another has it, or it is over. `late`: nobody may take it any more. Nothing is written of the last two.
 */
export const ANSWER: Script = {
  numberOfKeys: 3,
  lua: `${NOW}
local who, said, wasAt = string.match(call('HGET', KEYS[2], ARGV[2]) or '', '^(%S+) (%S+) (%S+)$')
if wasAt == '2' or (wasAt == '1' and ARGV[3] ~= 'ended') then return who == ARGV[4] and 'ours' or 'taken' end
if ARGV[3] == 'accepted' or ARGV[3] == 'refused' then
  if who and who ~= ARGV[4] then return 'taken' end
  if not who and ARGV[3] == 'accepted' and now > tonumber(ARGV[5]) then return 'late' end
end
if said and said ~= '-' then call('XDEL', KEYS[1], said) end
local id = call('XADD', KEYS[1], 'MAXLEN', '~', '${MOST_ANSWERS}', '*', 'd', ARGV[1])
call('PEXPIRE', KEYS[1], '${REQUESTS_KEPT_MS}')
-- The first word of it stays, for it says when it was begun with.
local again = ARGV[3] == 'accepted' and who and id or '-'
local stage = ARGV[3] == 'accepted' and '0' or ARGV[3] == 'ended' and '2' or '1'
call('HSET', KEYS[2], ARGV[2], ARGV[4] .. ' ' .. again .. ' ' .. stage)
call('PEXPIRE', KEYS[2], '${TAKEN_KEPT_MS}')
if ARGV[3] ~= 'accepted' then call('XADD', KEYS[3], 'MAXLEN', '~', '${MOST_OUTCOMES}', '*', 'd', ARGV[1]) end
return 'ours'`,
}

export type AnswerReply = 'ours' | 'taken' | 'late'

/** KEYS of ANSWER. */
export function answerKeys(names: ShardNames, service: string, request: string): readonly string[] {
  return [names.answers(service), names.taken(service, request), names.outcomes]
}
