/** How any worker is judged: a fetcher, a job processor, a queue consumer. What it has not (queues, upstreams) is not judged. */
import {
  WORK_ATTEMPT_DURATION,
  WORK_ATTEMPTS,
  WORK_BATCH_DURATION,
  WORK_ITEMS_FOUND,
  WORK_OUTCOME,
  WORK_QUEUE_SIZE,
  WORK_QUEUE_STATE,
  WORK_STREAK,
  WORK_UNITS,
  WORK_UPSTREAM_DURATION,
  WORK_UPSTREAM_SLOW,
} from '../../catalogue.ts'
import { fetchRateRule } from '../../judge/fetch-rate-rule.ts'
import { levelRule } from '../../judge/level-rule.ts'
import { slowCallsRule } from '../../judge/slow-calls-rule.ts'
import { successRateRule } from '../../judge/success-rate-rule.ts'
import type { Profile, Selector } from '../../types.ts'
import type { Limits, RuleOverrides } from '../limits.ts'
import { QUEUE_STALE_AFTER, timed } from '../limits.ts'

const FAILED = { [WORK_OUTCOME]: 'failed' }

const SELECTORS: Readonly<Record<string, Selector>> = {
  units: { kind: 'events', metric: WORK_UNITS.name },
  failed_units: { kind: 'events', metric: WORK_UNITS.name, where: FAILED },
  streak: { kind: 'level', metric: WORK_STREAK.name },
  attempts: { kind: 'events', metric: WORK_ATTEMPTS.name },
  failed_attempts: { kind: 'events', metric: WORK_ATTEMPTS.name, where: FAILED },
  attempt_durations: { kind: 'distribution', metric: WORK_ATTEMPT_DURATION.name },
  batches: { kind: 'distribution', metric: WORK_BATCH_DURATION.name },
  found: { kind: 'events', metric: WORK_ITEMS_FOUND.name },
  due: { kind: 'level', metric: WORK_QUEUE_SIZE.name, where: { [WORK_QUEUE_STATE]: 'due' }, staleAfterSeconds: QUEUE_STALE_AFTER },
  owed: { kind: 'time_above', level: 'due', above: 0 },
  calls: { kind: 'events', metric: WORK_UPSTREAM_DURATION.name },
  slow_calls: { kind: 'events', metric: WORK_UPSTREAM_SLOW.name },
  call_durations: { kind: 'distribution', metric: WORK_UPSTREAM_DURATION.name },
}

export function workerProfile(limits: Limits, overrides: RuleOverrides = {}): Profile {
  const { tickSeconds = 1 } = limits
  const limit = (name: string, value: number) => overrides[name]?.limit ?? value
  const critical = (name: string, value: number) => overrides[name]?.critical ?? value

  return {
    name: 'worker',
    selectors: SELECTORS,
    // Queue sizes that nobody refreshes degrade; where there never was a queue there is no data, which says nothing.
    required: ['large_queue', 'low_success_rate', 'low_work_rate'],
    rules: [
      levelRule({
        ...timed(overrides, 'large_queue', 60, 120),
        selector: 'due',
        warning: limit('large_queue', limits.largeQueue),
        critical: critical('large_queue', limits.veryLargeQueue),
        unit: 'items',
        describe: (current) => `${current} items are due`,
      }),
      successRateRule({
        ...timed(overrides, 'low_success_rate', 60, 120),
        warning: limit('low_success_rate', limits.minSuccessRateHealthy),
        critical: critical('low_success_rate', limits.minSuccessRateDegraded),
        tickSeconds,
        wording: { rate: 'Success rate', units: 'pieces of work', unitsInFull: 'pieces of work' },
      }),
      fetchRateRule({
        ...timed(overrides, 'low_work_rate', 60, 120),
        limit: limit('low_work_rate', limits.minFetchRate),
        tickSeconds,
        wording: { done: (attempts) => `${attempts} ${attempts === '1' ? 'attempt' : 'attempts'}`, unit: 'attempts' },
      }),
      slowCallsRule({
        ...timed(overrides, 'slow_upstream', 60, 120),
        limitMs: limit('slow_upstream', limits.maxApiResponseTimeMs),
        tickSeconds,
        upstream: { calls: 'calls', slowCalls: 'slow_calls', name: 'upstreams' },
      }),
    ],
  }
}
