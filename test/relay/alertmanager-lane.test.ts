import { expect, test } from 'vitest'
import { AlertmanagerLane } from '../../src/relay/alertmanager-lane.ts'
import type { Outcome, PostRequest } from '../../src/relay/post.ts'
import type { AlertmanagerTarget } from '../../src/relay/relay-config.ts'
import type { PostableAlert } from '../../src/relay/told.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { runLane } from './lane-run.ts'
import { MemoryStore } from './memory-store.ts'

const TARGET: AlertmanagerTarget = {
  type: 'alertmanager',
  name: 'alertmanager',
  url: 'http://alertmanager:9093/api/v2/alerts',
  headers: {},
  timeoutMs: 10_000,
  labels: { environment: 'test' },
  resendMs: 60_000,
  holdMs: 300_000,
}
const OK: Outcome = { kind: 'ok', status: 200 }
const LATER: Outcome = { kind: 'retry', reason: 'ECONNREFUSED' }
const MINUTE = 60_000

interface Posted {
  readonly at: number
  readonly alerts: readonly PostableAlert[]
}

function start(store: MemoryStore, answer: (request: PostRequest) => Outcome | Promise<Outcome> = () => OK, clock = new VirtualClock()) {
  const posts: Posted[] = []
  const post = async (request: PostRequest): Promise<Outcome> => {
    posts.push({ at: clock.epochMs(), alerts: JSON.parse(request.body) as PostableAlert[] })
    return answer(request)
  }
  const affected = () => Promise.resolve({ affected: 1, known: 45 })
  const wait = (failures: number) => Math.min(1000 * 2 ** (failures - 1), 60_000)
  const run = runLane(
    clock,
    store,
    (report, lane) => new AlertmanagerLane({ target: TARGET, store, clock, report, lane, affected, post, wait }),
  )
  /** As Alertmanager has it: what was last said of each label set that is not over. */
  const open = () => {
    const sets = new Map<string, PostableAlert>()
    for (const { alerts } of posts) for (const alert of alerts) sets.set(JSON.stringify(alert.labels), alert)
    return [...sets.values()].filter(({ endsAt }) => Date.parse(endsAt!) > clock.epochMs())
  }
  return { ...run, clock, posts, open }
}

function known(): MemoryStore {
  const store = new MemoryStore()
  store.stored = { cursor: '0-0', epoch: 'e1' }
  return store
}

/** On the virtual clock. */
const SINCE = '2026-11-22T09:59:00.000Z'

test('what fires is there within a look at the stream, and is said again every minute with its end well ahead', async () => {
  const store = known()
  const { pass, posts, open } = start(store)
  store.write({ since: SINCE })
  await pass(1000)
  expect(open()).toEqual([
    {
      labels: { environment: 'test', alertname: 'low_success_rate', service: 'tracker_fetcher', severity: 'warning' },
      annotations: expect.objectContaining({ services: '1 of 45 services', instances: '1 of 1 instance', alert_id: 'a1' }),
      startsAt: SINCE,
      endsAt: new Date(posts[0]!.at + 300_000).toISOString(),
    },
  ])
  const before = posts.length
  await pass(10 * MINUTE)
  expect(posts.length - before).toBe(10)
  for (const { at, alerts } of posts) expect(Date.parse(alerts[0]!.endsAt!) - at).toBeGreaterThanOrEqual(4 * MINUTE)
})

test('a change of severity ends the old label set and begins the new one in the same request', async () => {
  const store = known()
  const { pass, posts, open, clock } = start(store)
  store.write({ since: SINCE })
  await pass(30_000)
  store.write({ since: SINCE, type: 'escalated', severity: 'CRITICAL' })
  await pass(1000)
  const { alerts } = posts.at(-1)!
  expect(alerts.map(({ labels }) => labels['severity'])).toEqual(['warning', 'critical'])
  expect(Date.parse(alerts[0]!.endsAt!)).toBeLessThanOrEqual(clock.epochMs())
  expect(open().map(({ labels }) => labels['severity'])).toEqual(['critical'])
  store.write({ since: SINCE, type: 'deescalated', severity: 'WARNING' })
  await pass(5 * MINUTE)
  expect(open().map(({ labels }) => labels['severity'])).toEqual(['warning'])
})

test('what is resolved is said to be over for 15 minutes, and then no more', async () => {
  const store = known()
  const { pass, posts, open } = start(store)
  store.write({ since: SINCE })
  await pass(30_000)
  store.write({ since: '2026-11-22T10:00:30.000Z', type: 'resolved' })
  await pass(1000)
  expect(open()).toEqual([])
  const before = posts.length
  await pass(14 * MINUTE)
  expect(posts.slice(before).filter(({ alerts }) => alerts.length === 1).length).toBeGreaterThanOrEqual(13)
  await pass(2 * MINUTE)
  const after = posts.length
  await pass(5 * MINUTE)
  expect(posts.slice(after).every(({ alerts }) => alerts.length === 0)).toBe(true)
  expect(store.told.size).toBe(0)
})

test('one that is down for 2 minutes misses nothing that still matters', async () => {
  const store = known()
  let down = false
  const { pass, posts, open, events, report } = start(store, () => (down ? LATER : OK))
  store.write({ since: SINCE, alert_id: 'before', rule: 'before' })
  await pass(1000)
  down = true
  store.write({ since: SINCE, alert_id: 'during', rule: 'during' })
  store.write({ since: SINCE, alert_id: 'short', rule: 'short' })
  await pass(MINUTE)
  store.write({ since: SINCE, alert_id: 'short', rule: 'short', type: 'resolved' })
  store.write({ since: SINCE, alert_id: 'before', rule: 'before', type: 'resolved' })
  await pass(MINUTE)
  down = false
  posts.length = 0
  await pass(MINUTE)
  expect(open().map(({ labels }) => labels['alertname'])).toEqual(['during'])
  expect(new Set(posts[0]!.alerts.map(({ labels }) => labels['alertname']))).toEqual(new Set(['before', 'during', 'short']))
  expect(events.map(({ event }) => event)).toEqual(['claimed', 'target_down', 'target_up'])
  expect(report.counts.refused).toBe(0)
})

test('one that has forgotten everything has what is open again within a minute', async () => {
  const store = known()
  const { pass, posts, open } = start(store)
  store.write({ since: SINCE })
  await pass(25_000)
  posts.length = 0
  await pass(MINUTE)
  expect(open()).toHaveLength(1)
})

test('one that hangs is asked again when its time has come; the claim goes on', async () => {
  const store = known()
  const { pass, posts, events } = start(store, () => new Promise(() => {}))
  store.write({ since: SINCE })
  await pass(2 * MINUTE)
  expect(posts).toHaveLength(1)
  expect(events.map(({ event }) => event)).toEqual(['claimed'])
})

test('whoever takes over ends what the one before had said', async () => {
  const store = known()
  const clock = new VirtualClock()
  const first = start(store, () => OK, clock)
  store.write({ since: SINCE })
  await first.pass(1000)
  await first.lane.stop(0)
  store.write({ since: SINCE, type: 'escalated', severity: 'CRITICAL' })
  store.trim(2)
  const second = start(store, () => OK, clock)
  await second.pass(1000)
  expect(second.posts[0]!.alerts.map(({ labels, endsAt }) => [labels['severity'], Date.parse(endsAt!) > clock.epochMs()])).toEqual([
    ['warning', false],
    ['critical', true],
  ])
  expect(second.report.counts.trimmed).toBe(1)
})

test('an open alert of a version that is not known stays as it was said', async () => {
  const store = known()
  const { pass, open, report } = start(store)
  store.write({ since: SINCE })
  await pass(1000)
  const readable = store.alerts.bind(store)
  store.alerts = async () => new Map()
  await pass(10 * MINUTE)
  expect(open()).toHaveLength(1)
  expect(report.counts.unreadable).toBeGreaterThan(0)
  store.alerts = readable
})

test('a server that lost its memory ends nothing: what is not told anew is not said again', async () => {
  const store = known()
  const { pass, posts, open } = start(store)
  store.write({ since: SINCE })
  await pass(1000)
  const before = posts.length
  Object.assign(store, { epoch: '', seq: 0, entries: [], stored: undefined, told: new Map() })
  store.documents.clear()
  await pass(MINUTE)
  expect(posts.slice(before).flatMap(({ alerts }) => alerts)).toEqual([])
  store.epoch = 'e2'
  store.write({ since: SINCE, type: 'updated', cause: 'memory_lost' })
  await pass(1500)
  expect(open()).toHaveLength(1)
})

test('500 open alerts go in requests of 200', async () => {
  const store = known()
  for (let i = 0; i < 500; i++) store.write({ since: SINCE, alert_id: `a${i}`, labels: { queue: String(i) } })
  const { pass, posts, open } = start(store)
  await pass(2000)
  expect(posts.slice(0, 3).map(({ alerts }) => alerts.length)).toEqual([200, 200, 100])
  expect(open()).toHaveLength(500)
})
