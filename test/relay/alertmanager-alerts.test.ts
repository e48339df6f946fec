import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ENDED_FOR_MS, nextRecord, posted, type Facts } from '../../src/relay/alertmanager-alerts.ts'
import type { PostableAlert, ToldRecord } from '../../src/relay/told.ts'
import { decodeTold } from '../../src/relay/told.ts'
import type { AlertView } from '../../src/wire/alert-view.ts'
import { messageOf, type Change } from './transitions.ts'

const NOW = Date.UTC(2026, 10, 29, 10, 5)
const iso = (ms: number): string => new Date(ms).toISOString()

function alertOf(change: Change = {}, rev: number = 1): AlertView {
  return messageOf(change, rev)
}

function step(record: ToldRecord | undefined, alert: AlertView | undefined, change: Partial<Facts> = {}): ToldRecord | undefined {
  return nextRecord({ epoch: 'e1', told: [], labels: {}, now: NOW, record, ...(alert && { alert }), ...change })
}

const fired = step(undefined, alertOf())!

test.for<{ why: string; change: Change; labels?: Record<string, string>; expected: Record<string, string> }>([
  {
    why: 'rule, service and severity, as routes name it',
    change: {},
    expected: { alertname: 'low_success_rate', service: 'tracker_fetcher', severity: 'warning' },
  },
  {
    why: 'those of the target, and of the alert, under names that cannot be mistaken for ours',
    change: { severity: 'CRITICAL', labels: { severity: 'none', 'queue.name': 'hot' } },
    labels: { environment: 'production' },
    expected: {
      alertname: 'low_success_rate',
      service: 'tracker_fetcher',
      severity: 'critical',
      label_severity: 'none',
      label_queue_name: 'hot',
      environment: 'production',
    },
  },
  {
    why: 'two that become the same',
    change: { labels: { 'a.b': '1', a_b: '2' } },
    expected: { alertname: 'low_success_rate', service: 'tracker_fetcher', severity: 'warning', label_a_b: '1', label_a_b_2: '2' },
  },
])('labels: $why', ({ change, labels, expected }) => {
  expect(step(undefined, alertOf(change), labels ? { labels } : {})?.sets?.[0]?.labels).toEqual(expected)
})

test('annotations say what, how much, since whom, and who was told before', () => {
  const record = step(undefined, alertOf({ runbook: 'https://runbooks.example/low', labels: { queue: 'hot' } }), {
    services: { affected: 1, known: 45 },
    told: [{ target: 'slack', told: [{ type: 'fired', severity: 'WARNING', at: '2026-11-29T10:00:05.000Z' }] }],
  })
  expect(record?.sets?.[0]?.annotations).toEqual({
    summary: 'low_success_rate queue=hot of tracker_fetcher',
    description: 'Fetch success rate is 71.4 % over 5 min (limit 80 %): 20 of 70 attempts failed',
    value: '71.4 percent (limit 80), 20 of 70 in 300 s',
    state: 'firing',
    runbook_url: 'https://runbooks.example/low',
    services: '1 of 45 services',
    instances: '1 of 1 instance',
    told_before: 'slack: fired (WARNING) 2026-11-29 10:00:05 UTC',
    why: 'the condition changed; 71.4 percent (limit 80), 20 of 70 in 300 s',
    alert_id: 'a1',
  })
})

test('what did not change is said as it was said', () => {
  expect(step(fired, alertOf(), { now: NOW + 3_600_000, services: { affected: 9, known: 9 } })).toEqual(fired)
})

test('a change that leaves the severity as it is keeps the label set and its beginning', () => {
  const next = step(fired, alertOf({ state: 'recovering', since: '2026-11-29T10:04:00.000Z' }, 2))
  expect(next?.sets).toHaveLength(1)
  expect(next?.sets?.[0]).toMatchObject({ startsAt: fired.sets![0]!.startsAt, annotations: { state: 'recovering' } })
  expect(next?.told).toEqual(fired.told)
})

test('a silenced alert is not begun, and one that was told stays told until it is resolved', () => {
  const silenced = { overlays: { silenced: { by: 'me' } } } as unknown as Change
  expect(step(undefined, alertOf(silenced))).toBeUndefined()
  const stays = step(fired, alertOf(silenced, 2))
  expect(stays?.sets?.[0]?.endsAt).toBeUndefined()
  const over = step(stays, alertOf({ ...silenced, type: 'resolved', since: iso(NOW) }, 3))
  expect(over?.sets?.map(({ endsAt }) => endsAt)).toEqual([iso(NOW)])
})

test('other labels of the target end the alerts under the old ones', () => {
  const next = step(fired, alertOf({}, 2), { labels: { environment: 'production' } })
  expect(next?.sets?.map(({ labels, endsAt }) => [labels['environment'], endsAt === undefined])).toEqual([
    [undefined, false],
    ['production', true],
  ])
})

test('what is resolved says so', () => {
  const over = step(fired, alertOf({ type: 'resolved', since: iso(NOW), message: 'Fetch success rate is 98 %' }, 2))
  expect(over?.sets?.[0]).toMatchObject({ annotations: { state: 'resolved', description: 'Fetch success rate is 98 %' } })
  expect(over?.told.map(({ type }) => type)).toEqual(['fired', 'resolved'])
})

test('what is over was over within the last minute, whatever the clock of Redis says, and never before it began', () => {
  const late = step(fired, alertOf({ type: 'resolved', since: '2026-11-29T09:00:00.000Z' }, 2))
  expect(late?.sets?.[0]?.endsAt).toBe(iso(NOW - 60_000))
  const ahead = step(fired, alertOf({ type: 'resolved', since: '2026-11-29T12:00:00.000Z' }, 2))
  expect(ahead?.sets?.[0]?.endsAt).toBe(iso(NOW))
})

test('whatever happens to an alert, Alertmanager can take it, has one open label set while it is open and none after', () => {
  const change = fc.record({
    severity: fc.constantFrom('WARNING' as const, 'CRITICAL' as const),
    state: fc.constantFrom('firing' as const, 'recovering' as const, 'unknown' as const, 'resolved' as const),
    after: fc.integer({ min: 0, max: 20 * 60_000 }),
    skew: fc.integer({ min: -120_000, max: 120_000 }),
    quiet: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      let [now, rev] = [NOW, 1]
      let record: ToldRecord | undefined
      let alert: AlertView | undefined
      for (const { severity, state, after, skew, quiet } of changes) {
        now += after
        if (!quiet) {
          rev++
          alert = alertOf({ severity, state, since: iso(now + skew) }, rev)
        }
        const before = record
        record = step(record, alert, { now })
        expect(decodeTold(record && JSON.stringify(record))).toEqual(record)
        const sets: readonly PostableAlert[] = record ? posted(record, now + 300_000) : []
        const isOpen = alert !== undefined && alert.state !== 'resolved'
        const open = sets.filter(({ endsAt }) => Date.parse(endsAt!) === now + 300_000)
        expect(open.length).toBe(isOpen ? 1 : 0)
        if (isOpen) expect(open[0]!.labels['severity']).toBe(alert!.severity === 'CRITICAL' ? 'critical' : 'warning')
        expect(new Set(sets.map(({ labels }) => JSON.stringify(labels))).size).toBe(sets.length)
        for (const { startsAt, endsAt } of sets) {
          expect(Date.parse(endsAt!)).toBeGreaterThanOrEqual(Date.parse(startsAt))
          if (!open.length) expect(now - Date.parse(endsAt!)).toBeLessThan(ENDED_FOR_MS)
        }
        // What was open and is not any more is said to be over.
        for (const set of before?.sets ?? []) {
          if (set.endsAt !== undefined) continue
          expect(sets.map(({ labels }) => JSON.stringify(labels))).toContain(JSON.stringify(set.labels))
        }
      }
    }),
  )
})
