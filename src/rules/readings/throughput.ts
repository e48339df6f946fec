/** Events an hour against owed work. */
import { HEALTH_WORK_SOURCES } from '../../catalogue.ts'
import { isCovered, isWatchedWhole } from '../../judge/covered.ts'
import { testThroughput, type Throughput, type ThroughputFinding } from '../../judge/throughput-test.ts'
import { breach, inconclusive, ok } from '../../judge/verdicts.ts'
import { amount, capitalised, decimal, duration } from '../../judge/wording.ts'
import type { CountsSelector, FallsSelector, LevelSelector, OpenAlert, Readings, TimeAboveSelector } from '../../types.ts'
import { isBelow } from '../beyond.ts'
import type { Context, JudgedReading } from '../judged-reading.ts'
import type { ThroughputReading } from '../rule-data.ts'
import { toldApart } from '../told-apart.ts'

const HOUR = 3600
/** As far back as falls are known. Seconds. */
const LONGEST_FALLS = 6 * HOUR
/** A level that fell more often than this in a window did not do so by a person who emptied a queue, or a worker that took what it never ended. */
export const MOST_FALLS_BY_CHANCE = 2

/** The sources of work, of services that are watched from outside. */
export const WORK_SOURCES: LevelSelector = { kind: 'level', metric: HEALTH_WORK_SOURCES.name }

/**
 * Throughput against owed work. Work is owed while anything is due, so a service with nothing to do is healthy, and one that does nothing
 * although it should is found as soon as the limit, and what the service is used to, make its silence improbable (see
 * judge/throughput-test.ts): at 10 an hour after 28 minutes at the earliest.
 */
export function throughputReading(data: ThroughputReading, isPlain: boolean, context: Context): JudgedReading {
  const { of, owed, watched = false, left, staleAfter, wording } = data
  const attempts = context.events(of)
  const due = context.level(owed, { staleAfter, fold: 'sum' })
  const timeOwed: TimeAboveSelector = { kind: 'time_above', level: due, above: 0, ...(watched && { unless: WORK_SOURCES }) }
  const falls: FallsSelector | undefined = left && { kind: 'falls', level: context.level(left, { staleAfter, fold: 'sum' }) }
  const counts: CountsSelector = { kind: 'counts', of: [attempts, timeOwed] }
  const { tickSeconds } = context
  const finding = (found: Omit<ThroughputFinding, 'is'>, limit: number, dueNow: number) => {
    const { seconds, done: count, owedSeconds, expected } = found
    const done = (count === 1 ? (wording.one ?? wording.done) : wording.done).replace('{current}', amount(count))
    const threshold = toldApart(expected, count)
    const over = seconds === HOUR ? 'the last hour' : `the last ${duration(seconds)}`
    return {
      message:
        owedSeconds > 0
          ? `${capitalised(done)} in ${over}; ${amount(threshold)} expected at the limit of ${amount(limit)} an hour, ` +
            `with work owed for ${duration(owedSeconds)}; ${amount(dueNow)} due`
          : `Idle: no work was owed in ${over} (${done})`,
      value: { current: count, threshold, unit: `${wording.unit} in ${over}`, n: count, window_seconds: seconds },
    }
  }
  return {
    needs: [attempts, due, timeOwed, counts, ...(watched ? [WORK_SOURCES] : []), ...(falls ? [falls] : [])],
    unit: '/h',
    scope: 'all',
    title: `The throughput of ${of.metric}`,
    check({ breach: side, critical, clear }) {
      if (side === 'below' && !critical && !clear) return
      throw new Error(`The ${context.whose} reads a throughput, which has one limit, below: leave above, critical and clear out.`)
    },
    judge({ name, limits }, readings, open) {
      const sources = watched ? readings.level(WORK_SOURCES)?.value : undefined
      if (sources === 0) return inconclusive(name, 'unwatched')
      const level = readings.level(due)
      if (!level) return inconclusive(name, 'no_data')
      if (level.stale) return inconclusive(name, 'stale')
      const { coveredSeconds } = readings.timeAbove(timeOwed, HOUR)
      if (!isCovered({ windowSeconds: HOUR, coveredSeconds }, tickSeconds)) return inconclusive(name, 'starting')
      const limit = limits!.warning.value
      const found = foundIn(throughputOf(readings, counts), limit, open, isPlain)
      if (found.is === 'unsure' && found.owedSeconds > 0) return inconclusive(name, 'low_sample')
      // In less than an hour that was watched, less than in an hour was done.
      if (isPlain && found.is === 'passed' && !isWatchedWhole({ windowSeconds: HOUR, coveredSeconds }))
        return inconclusive(name, 'starting')
      // Who tells of its work itself does not work unseen.
      if (found.is === 'passed' && sources !== undefined && falls && isDoneUnseen(found, readings, falls))
        return inconclusive(name, 'unwatched')
      const told = () => finding(found, limit, level.value)
      return found.is === 'passed' ? breach(name, 'WARNING', told()) : ok(name, told)
    },
    figure(readings) {
      const { count, coveredSeconds } = readings.events(attempts, HOUR)
      const isUnwatched = watched && readings.level(WORK_SOURCES)?.value === 0
      const isKnown = !isUnwatched && isCovered({ windowSeconds: HOUR, coveredSeconds }, tickSeconds)
      return {
        value: isKnown ? decimal((count * HOUR) / coveredSeconds) : null,
        evidence: { unit: '/h', n: count, window_seconds: HOUR },
      }
    },
  }
}

/** Whether work leaves the queues without anything being seen, or as much of it as is expected. */
function isDoneUnseen({ seconds, done, expected }: ThroughputFinding, readings: Readings, selector: FallsSelector): boolean {
  const { times, amount: left } = readings.falls(selector, Math.min(seconds, LONGEST_FALLS))
  return times > MOST_FALLS_BY_CHANCE && (done === 0 || left >= expected)
}

function foundIn(throughput: Throughput, limit: number, open: OpenAlert | undefined, isPlain: boolean): ThroughputFinding {
  // Idle since an hour ago: what was before is over.
  const isIdle = throughput.owed(HOUR) === 0
  if (!isPlain && !isIdle) return testThroughput(throughput, limit, open?.sinceClearSeconds)
  const [done, owedSeconds] = [throughput.done(HOUR), throughput.owed(HOUR)]
  const expected = (limit * owedSeconds) / HOUR
  return { is: isBelow(done, expected) ? 'passed' : 'within', seconds: HOUR, done, owedSeconds, expected }
}

function throughputOf(readings: Readings, selector: CountsSelector): Throughput {
  const counts = readings.counts(selector)
  return {
    done: (seconds) => counts.grew(0, seconds),
    owed: (seconds) => counts.grew(1, seconds) / 1000,
    reachSeconds: counts.reachSeconds,
    notes: counts.notes,
  }
}
