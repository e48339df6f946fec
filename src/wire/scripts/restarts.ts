/**
 * Which processes of a service crashed, and which took their place. A process need not have a name that lasts, and says nothing about whom it
 * replaces: one of which nothing has been heard for two of its publishing intervals, and which had not said that it stops, was replaced if
 * another started after its last beat. Each start replaces one. One that was only slow takes its place again with its next beat.
 *
 * One that was draining was asked to end: if that is the last that was heard of it, it is taken off the list as well, once others are alive to
 * tell, and is no crash. Where nobody is left it is silence: nobody knows whether it could do what it had begun.
 *
 * A scale-up within one interval before a crash looks the same, and is taken for the replacement.
 */

/** Crashes and starts this long ago count. Milliseconds. */
export const RESTARTS_WITHIN_MS = 900_000
/** Beyond, the number of them says nothing more. */
const MOST_RESTARTS = 100
const MOST_STARTS = 1000
/** As many are looked at in one beat; the others with the next. */
const MOST_AT_ONCE = 100

/** Lua expressions. */
interface Of {
  readonly instances: string
  /** Sorted set: `startOf` of those that have replaced nobody yet, by when; of one that has stopped since with a `-` before it. */
  readonly starts: string
  /** Sorted set: `<process> <instance that it replaced>` by when it started. */
  readonly restarts: string
  /** Sorted set: instances whose last beat said that they are draining, by when. */
  readonly draining: string
  /** Milliseconds of the server's clock: nothing heard since then is a missed beat. */
  readonly unheardSince: string
}

/** Lua that takes those off the list of instances that were draining when they were heard of last. */
export const takeDrainedOff = ({ instances, draining, unheardSince }: Pick<Of, 'instances' | 'draining' | 'unheardSince'>): string => `
for _, name in ipairs(call('ZRANGEBYSCORE', ${draining}, '-inf', '(' .. format('%.0f', ${unheardSince}), 'LIMIT', '0', '${MOST_AT_ONCE}')) do
  call('ZREM', ${draining}, name)
  call('ZREM', ${instances}, name)
end`

/** Lua: stands for the name of an instance. Eight digits of its hash: a sorted set of longer members takes a third more memory. */
const short = (name: string): string => `string.sub(redis.sha1hex(${name}), 1, 8)`

/** Lua: how the start of a process of an instance is noted. */
export const startOf = (process: string, instance: string): string => `${process} .. ' ' .. ${short(instance)}`

/** Lua that takes those that were replaced off the list of instances. A start whose process has said that it stops counts as no restart. */
export const takeReplacedOff = ({ instances, starts, restarts, draining, unheardSince }: Of): string => `
for _, name in ipairs(call('ZRANGEBYSCORE', ${instances}, '-inf', '(' .. format('%.0f', ${unheardSince}), 'LIMIT', '0', '${MOST_AT_ONCE}')) do
  local found = call('ZRANGEBYSCORE', ${starts}, '(' .. call('ZSCORE', ${instances}, name), '+inf', 'WITHSCORES', 'LIMIT', '0', '2')
  if not found[1] then break end
  -- Its own start seems to come after its last beat where the server's clock was set back.
  local own = string.sub(found[1], -8) == ${short('name')} and 2 or 0
  local start, at = found[1 + own], found[2 + own]
  if start then
    call('ZREM', ${starts}, start)
    call('ZREM', ${instances}, name)
    if call('ZREM', ${draining}, name) == 0 and string.sub(start, 1, 1) ~= '-' then
      call('ZADD', ${restarts}, at, string.match(start, '^[^ ]+') .. ' ' .. name)
      call('ZREMRANGEBYRANK', ${restarts}, '0', '-${MOST_RESTARTS + 1}')
      call('PEXPIRE', ${restarts}, '${RESTARTS_WITHIN_MS}')
    end
  end
end`

/**
 * Lua that notes a start at `at`, unless it is known: an answer that was lost is asked for again. `isListed`: whether a process of the same
 * name was on the list, which then ended without a word.
 */
export const noteStart = ({
  starts,
  restarts,
  process,
  me,
  isListed,
}: Pick<Of, 'starts' | 'restarts'> & { readonly process: string; readonly me: string; readonly isListed: string }): string => `
  local start = ${startOf(process, me)}
  local isKnown = call('ZSCORE', ${starts}, start)
  for _, member in ipairs(isKnown and {} or call('ZRANGE', ${restarts}, '0', '-1')) do
    isKnown = isKnown or string.find(member, ${process} .. ' ', 1, true) == 1
  end
  if not isKnown then
    local key = ${isListed} and ${restarts} or ${starts}
    call('ZADD', key, at, ${isListed} and ${process} .. ' ' .. ${me} or start)
    call('ZREMRANGEBYRANK', key, '0', ${isListed} and '-${MOST_RESTARTS + 1}' or '-${MOST_STARTS + 1}')
    call('ZREMRANGEBYSCORE', key, '-inf', format('%.0f', now - ${RESTARTS_WITHIN_MS}))
    call('PEXPIRE', key, '${RESTARTS_WITHIN_MS}')
  end`
