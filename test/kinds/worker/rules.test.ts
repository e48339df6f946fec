import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { CATALOGUE } from '../../../src/kinds/index.ts'
import { Windows } from '../../../src/compute/windows.ts'
import { judge } from '../../../src/judge/judge.ts'
import type { Judgement } from '../../../src/judge/judge.ts'
import { CellStore } from '../../../src/record/cells.ts'
import { WorkRecorder } from '../../../src/kinds/worker/work-recorder.ts'
import { workerJudging } from '../../../src/kinds/worker/judging.ts'
import type { RuleOverrides } from '../../../src/rules/override-rule.ts'
import { EVERY_SERVICE_RULE_NAMES } from '../../../src/rules/every-service.ts'
import { profileOf, wantedOf } from '../../../src/rules/service-kind.ts'
import type { Where } from '../../../src/types.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const LIMITS = {
  largeQueue: 10_000,
  veryLargeQueue: 50_000,
  minSuccessRateHealthy: 80,
  minSuccessRateDegraded: 50,
  minFetchRate: 10,
  maxApiResponseTimeMs: 10_000,
}
const profile = profileOf(workerJudging, LIMITS)
const changed = (overrides: RuleOverrides) => profileOf(workerJudging, LIMITS, { overrides, own: [] })

/** A worker that is judged every second, and what people would be told of it. */
function service() {
  const clock = new VirtualClock()
  const store = new CellStore(clock)
  const work = new WorkRecorder(store, LIMITS)
  const { rules } = profile
  const windows = new Windows(wantedOf(profile), 0)
  let judgement: Judgement = { verdicts: [], alerts: new Map(), transitions: [], errors: [] }
  const told: string[] = []
  clock.every(1000, () => {
    store.refresh()
    const now = { monotonicMs: clock.monotonicMs(), epochMs: clock.epochMs() }
    windows.ingest(store.samples(), now.monotonicMs, true)
    const readings = windows.readings(now.monotonicMs)
    judgement = judge({
      rules,
      readings,
      alerts: judgement.alerts,
      service: 'worker',
      alertId: (rule, labels) => [rule, ...Object.values(labels ?? {})].join(' '),
      now,
    })
    expect(judgement.errors).toEqual([])
    for (const { type, alert } of judgement.transitions) told.push(`${alert.rule} ${type} ${alert.severity}`)
  })
  return {
    work,
    told,
    /** Calls `act` at the beginning of each of so many minutes. */
    minutes: (n: number, act: () => void = () => {}) => {
      for (let i = 0; i < n; i++) {
        act()
        clock.advance(60_000)
      }
    },
    verdict: (rule: string) => judgement.verdicts.find((verdict) => verdict.rule === rule),
    message: (rule: string) => judgement.alerts.get(rule)?.message,
    figures: () =>
      workerJudging.figures({
        readings: windows.readings(clock.monotonicMs()),
        samples: store.samples(),
        now: clock.monotonicMs(),
        tickSeconds: 1,
      }),
    totals: () => workerJudging.totals(store.samples(), '2026-11-22T10:00:00.000Z'),
  }
}

describe('the profile', () => {
  test('has the rules of any worker', () => {
    expect(
      profile.rules.map(({ name, forSeconds, keepFiringSeconds, scope }) => `${name} ${forSeconds}/${keepFiringSeconds} ${scope}`),
    ).toEqual([
      'large_queue 60/120 shared',
      'low_success_rate 60/120 any',
      'low_work_rate 60/120 all',
      'slow_upstream 60/120 any',
      'restart_loop 0/120 shared',
      'drain_stuck 0/0 any',
      'dependency_down 0/60 any',
    ])
  })

  test('selects metrics of the catalogue by attributes they have', () => {
    for (const { selector } of wantedOf(profile)) {
      if (selector.kind === 'time_above' || selector.kind === 'falls' || selector.kind === 'counts') continue
      const metric = CATALOGUE.find(({ name }) => name === selector.metric)
      expect(metric).toBeDefined()
      const where = 'where' in selector ? (selector.where ?? {}) : {}
      for (const [attribute, value] of Object.entries(where))
        expect(metric?.attributes[attribute]).toEqual(expect.arrayContaining(valuesOf(value)))
    }
    for (const name of profile.required!) expect(profile.rules.map((rule) => rule.name)).toContain(name)
  })

  test('takes overrides of limits and timing', () => {
    const { rules } = changed({ low_work_rate: { limit: 1, for: 0 }, slow_upstream: { keepFiring: 5 } })
    expect(rules.find(({ name }) => name === 'low_work_rate')).toMatchObject({ forSeconds: 0 })
    expect(rules.find(({ name }) => name === 'slow_upstream')).toMatchObject({ forSeconds: 60, keepFiringSeconds: 5 })
    expect(() => changed({ large_queue: { limit: 60_000 } })).toThrow(
      'The critical limit of large_queue is 50000, expected at least its limit (60000).',
    )
  })

  test('speaks of nobody’s business but the worker’s', () => {
    const { work, minutes, verdict } = service()
    minutes(90, () => {
      work.queue('mail', { due: 3 })
      for (let i = 0; i < 60; i++) work.attempt({ success: true })
      work.apiCall({ upstream: 'localhost', durationMs: 5 })
    })
    for (const { name } of profile.rules) {
      if (EVERY_SERVICE_RULE_NAMES.includes(name)) continue
      expect(verdict(name)).toMatchObject({ kind: 'ok', message: expect.not.stringMatching(/Apple|[Ff]etch|tracker/) })
    }
  })
})

describe('alerts fire and clear', () => {
  test('a large queue, by its severity', () => {
    const { work, told, minutes, message } = service()
    const queued = (due: number) => () => {
      work.queue('mail', { due })
      work.queue('push', { due: 1000 })
    }
    minutes(3, queued(9500))
    expect(message('large_queue')).toBe('10,500 items are due (limit 10,000)')
    minutes(3, queued(60_000))
    minutes(5, queued(10))
    expect(told).toEqual(['large_queue fired WARNING', 'large_queue escalated CRITICAL', 'large_queue resolved CRITICAL'])
  })

  test('a low success rate, with the evidence in the message', () => {
    const { work, told, minutes, message } = service()
    const attempts = (failures: number) => () => {
      for (let i = 0; i < 20; i++) work.attempt(i < failures ? { success: false, errorType: 500 } : { success: true })
    }
    minutes(20, attempts(0))
    minutes(40, attempts(9))
    expect(message('low_success_rate')).toMatch(
      /^Success rate is [\d.]+ % over [\d.]+ min \(limit 80 %\): \d+ of \d+ attempts failed; a service at 80 % does this .+ times$/,
    )
    minutes(90, attempts(0))
    expect(told).toEqual(['low_success_rate fired WARNING', 'low_success_rate resolved WARNING'])
  })

  test('a run of failures, whatever the rate was', () => {
    const { work, told, minutes, message } = service()
    minutes(20, () => work.attempt({ success: false, errorType: 'ECONNREFUSED' }))
    expect(message('low_success_rate')).toMatch(
      /^The last \d+ pieces of work all failed, over [\d.]+ min \(limit \d+ %\); a service at \d+ % does this .+ times$/,
    )
    expect(told[0]).toMatch(/^low_success_rate fired /)
  })

  test('work that is owed and not done', () => {
    const { work, told, minutes, message } = service()
    minutes(25, () => work.queue('mail', { due: 7 }))
    expect(told).toEqual([])
    minutes(35, () => work.queue('mail', { due: 7 }))
    expect(told).toEqual(['low_work_rate fired WARNING'])
    expect(message('low_work_rate')).toMatch(
      /^0 attempts in the last [\d.]+ (?:min|h|hour); [\d.]+ expected at the limit of 10 an hour, with work owed for .*; 7 due$/,
    )
    minutes(20, () => {
      work.queue('mail', { due: 7 })
      for (let i = 0; i < 20; i++) work.attempt({ success: true })
    })
    expect(told).toEqual(['low_work_rate fired WARNING', 'low_work_rate resolved WARNING'])
  })

  test('slow upstreams', () => {
    const { work, told, minutes, message } = service()
    const call = (durationMs: number) => () => {
      for (let i = 0; i < 5; i++) work.apiCall({ upstream: `host-${i}`, durationMs })
    }
    minutes(60, call(200))
    minutes(10, call(11_000))
    expect(message('slow_upstream')).toMatch(
      /^(\d+) of (\d+) calls to upstreams took longer than 10 s or timed out over \d+ min: [\d.]+ % \(limit 5 %\); a service at the limit does this .+ times$/,
    )
    minutes(120, call(200))
    expect(told).toEqual(['slow_upstream fired WARNING', 'slow_upstream resolved WARNING'])
  })

  test('calls that asked to wait, and slow hosts that nobody named, are none, and hide none', () => {
    const { work, told, minutes, verdict } = service()
    const around = (): void => {
      for (let i = 0; i < 3; i++) work.apiCall({ upstream: 'sqs', durationMs: 20_010, waitMs: 20_000 })
      work.apiCall({ upstream: 'tiles.example', durationMs: 15_000, unnamed: true })
    }
    minutes(120, around)
    expect(told).toEqual([])
    expect(verdict('slow_upstream')).toEqual({ rule: 'slow_upstream', kind: 'inconclusive', reason: 'no_data' })
    minutes(30, () => {
      for (let i = 0; i < 20; i++) around()
      work.apiCall({ upstream: 'bank', durationMs: 11_000 })
    })
    expect(told).toEqual(['slow_upstream fired WARNING'])
  })
})

describe('what a service has not is not judged', () => {
  test('without queues and upstreams nothing is stale and nothing fires', () => {
    const { work, told, minutes, verdict } = service()
    minutes(180, () => work.attempt({ success: true }))
    expect(told).toEqual([])
    for (const rule of ['large_queue', 'low_work_rate', 'slow_upstream']) {
      expect(verdict(rule)).toEqual({ rule, kind: 'inconclusive', reason: 'no_data' })
    }
  })

  test('an idle service is healthy', () => {
    const { work, told, minutes, verdict } = service()
    minutes(120, () => work.queue('mail', { due: 0, scheduled: 500 }))
    expect(told).toEqual([])
    expect(verdict('low_work_rate')).toMatchObject({
      kind: 'ok',
      message: 'Idle: no work was owed in the last hour (0 attempts)',
    })
  })

  test('queue sizes that nobody refreshes are stale', () => {
    const { work, minutes, verdict, figures } = service()
    work.queue('mail', { due: 7, oldestAgeSeconds: 3 })
    minutes(1)
    expect(figures().metrics).toMatchObject({ total_queue_size: 7, queue_sizes: { mail: 7 }, oldest_age_seconds: { mail: 3 } })
    minutes(1)
    for (const rule of ['large_queue', 'low_work_rate']) expect(verdict(rule)).toMatchObject({ reason: 'stale' })
    expect(figures().metrics).toMatchObject({ total_queue_size: null, queue_sizes: { mail: null }, oldest_age_seconds: { mail: null } })
  })
})

describe('figures', () => {
  test('are null until there is something to tell', () => {
    const { figures, totals } = service()
    expect(figures().metrics).toEqual({
      work_rate_per_hour: null,
      success_rate_percent: null,
      total_queue_size: null,
      queue_sizes: null,
      oldest_age_seconds: null,
      upstream_response_time_ms: null,
      upstream_percentiles_ms: { p50: null, p95: null, p99: null },
      found_per_attempt: null,
      events_generated: 0,
      attempt_duration_ms: null,
      attempt_p99_ms: null,
      batch_processing_time_ms: null,
      process: { memory_bytes: null, cpu_percent: null, event_loop_delay_p99_ms: null },
    })
    expect(totals()).toEqual({ since: '2026-11-22T10:00:00.000Z', attempts: { ok: 0, failed: {} }, found: 0, events: 0, api_calls: {} })
  })

  test('carry the counts they were made of', () => {
    const { work, minutes, figures, totals } = service()
    minutes(1, () => {
      work.queue('mail', { due: 4, leased: 2, failed: 9, oldestAgeSeconds: 12.34 })
      work.queue('push', { due: 1 })
      work.attempt({ success: true, name: 'mail', reportsFound: 5, events: 2, durationMs: 100 })
      work.attempt({ success: false, name: 'mail', errorType: 'ECONNRESET', durationMs: 300 })
      work.batch([{ success: true, reportsFound: 1 }, { success: true }], 800)
      work.apiCall({ upstream: 'apple', durationMs: 400 })
      work.apiCall({ upstream: 'constructor', durationMs: 20_000, errorType: 'ETIMEDOUT' })
    })
    const window = { window_seconds: 300, covered_seconds: 60 }
    const hour = { window_seconds: 3600, covered_seconds: 60 }
    expect(figures()).toMatchObject({
      metrics: {
        work_rate_per_hour: 240,
        success_rate_percent: 75,
        total_queue_size: 5,
        queue_sizes: { mail: 4, push: 1 },
        oldest_age_seconds: { mail: 12.3 },
        upstream_response_time_ms: 10_200,
        upstream_percentiles_ms: { p50: expect.any(Number), p95: expect.any(Number), p99: expect.any(Number) },
        found_per_attempt: 2,
        events_generated: 2,
        attempt_duration_ms: 200,
        attempt_p99_ms: 495,
        batch_processing_time_ms: 800,
      },
      evidence: {
        work_rate_per_hour: { attempts: 4, ...hour },
        success_rate_percent: { attempts: 4, failures: 1, units: 3, failed_units: 1, ...window },
        upstream_response_time_ms: { calls: 2, slow: 1, ...window },
        found_per_attempt: { found: 6, attempts: 3, ...hour },
        attempt_duration_ms: { attempts: 2, ...window },
        batch_processing_time_ms: { batches: 1, ...window },
      },
    })
    expect(totals()).toMatchObject({
      attempts: { ok: 3, failed: { ECONNRESET: 1 } },
      found: 6,
      events: 2,
      api_calls: { apple: { ok: 1 }, constructor: { ETIMEDOUT: 1 } },
    })
  })

  test('a worker that finds nothing for an hour finds 0 per attempt, if it ever found anything', () => {
    const { work, minutes, figures } = service()
    minutes(1, () => work.attempt({ success: true, reportsFound: 1 }))
    minutes(70, () => work.attempt({ success: true, reportsFound: 0 }))
    expect(figures().metrics['found_per_attempt']).toBe(0)
  })

  test('add up to what was recorded, whatever it was', () => {
    const attempt = fc.record(
      {
        success: fc.boolean(),
        name: fc.constantFrom('a', 'b', '__proto__', 'constructor'),
        errorType: fc.constantFrom('E1', 404, '__proto__', 'a message'),
        reportsFound: fc.nat(100),
        events: fc.nat(5),
      },
      { requiredKeys: ['success'] },
    )
    fc.assert(
      fc.property(fc.array(attempt, { minLength: 1, maxLength: 30 }), (attempts) => {
        const { work, minutes, figures, totals } = service()
        for (const each of attempts) work.attempt(each)
        minutes(1)
        const ok = attempts.filter(({ success }) => success)
        const sum = (values: readonly (number | undefined)[]) => values.reduce<number>((a, b = 0) => a + b, 0)
        const {
          attempts: counted,
          found,
          events,
        } = totals() as {
          attempts: { ok: number; failed: Record<string, number> }
          found: number
          events: number
        }
        expect(counted.ok).toBe(ok.length)
        expect(sum(Object.values(counted.failed))).toBe(attempts.length - ok.length)
        expect(found).toBe(sum(ok.map((each) => each.reportsFound)))
        expect(events).toBe(sum(attempts.map((each) => each.events)))
        expect(figures().metrics['success_rate_percent']).toBeCloseTo((100 * ok.length) / attempts.length, 0)
      }),
      { numRuns: 50 },
    )
  })
})

function valuesOf(value: Where[string]): string[] {
  return typeof value === 'object' && 'not' in value ? [value.not].flat() : [value].flat()
}
