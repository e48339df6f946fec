/** Nothing was recorded in a window. Known only once all of the window was watched. */
import { isWatchedWhole } from '../../judge/covered.ts'
import { breach, inconclusive, ok } from '../../judge/verdicts.ts'
import { duration } from '../../judge/wording.ts'
import type { Severity } from '../../types.ts'
import type { Context, JudgedReading } from '../judged-reading.ts'
import type { AbsentReading } from '../rule-data.ts'

const UNIT = { name: 's', suffix: ' s', factor: 1 }

export function absentReading({ of, over }: AbsentReading, severity: Severity, context: Context): JudgedReading {
  const seen = context.lastSeen(of)
  const windowSeconds = context.window(over)
  return {
    needs: [seen],
    unit: 's',
    scope: 'all',
    title: `Nothing of ${of.metric} for ${duration(windowSeconds)}: the last of it`,
    judge({ name, sentence }, readings) {
      const seconds = readings.lastSeenSeconds(seen)
      const finding = () => {
        const current = seconds === undefined ? 'never' : Math.round(seconds)
        const facts = { current, limit: windowSeconds, unit: UNIT, windowSeconds }
        const value = { current, threshold: windowSeconds, unit: 's', window_seconds: windowSeconds }
        return { message: sentence(facts), value }
      }
      if (seconds !== undefined && seconds <= windowSeconds) return ok(name, finding)
      if (!isWatchedWhole({ windowSeconds, coveredSeconds: readings.coveredSeconds(windowSeconds) })) return inconclusive(name, 'starting')
      return breach(name, severity, finding())
    },
    figure(readings) {
      const seconds = readings.lastSeenSeconds(seen)
      return { value: seconds === undefined ? null : Math.round(seconds), evidence: { unit: 's', window_seconds: windowSeconds } }
    },
  }
}
