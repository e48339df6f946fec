import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Delivery } from '../../src/relay/delivery.ts'
import type { Outcome } from '../../src/relay/post.ts'
import { WebhookLane } from '../../src/relay/webhook-lane.ts'
import { shardNames } from '../../src/wire/names.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { CLAIM_MS, runLane, settled } from './lane-run.ts'
import { MemoryStore } from './memory-store.ts'

type Send = (delivery: Delivery, index: number, signal: AbortSignal) => Outcome | Promise<Outcome>

const OK: Outcome = { kind: 'ok', status: 200 }
const LATER: Outcome = { kind: 'retry', reason: 'ECONNREFUSED' }

function start(store: MemoryStore, answer: Send = () => OK, clock = new VirtualClock()) {
  const sent: Delivery[] = []
  const send = async (delivery: Delivery, signal: AbortSignal): Promise<Outcome> => {
    sent.push(delivery)
    return answer(delivery, sent.length - 1, signal)
  }
  const affected = () => Promise.resolve({ affected: 1, known: 45 })
  const wait = (failures: number, _random: number, askedMs = 0) => Math.max(Math.min(1000 * 2 ** (failures - 1), 60_000), askedMs)
  const run = runLane(
    clock,
    store,
    (report, lane) => new WebhookLane({ store, clock, report, lane, send, affected, wait, names: shardNames() }),
  )
  return { ...run, clock, sent, ids: () => sent.map(({ id }) => id) }
}

/** A store whose target has been passed all that was written. */
function known(): MemoryStore {
  const store = new MemoryStore()
  store.stored = { cursor: '0-0', epoch: 'e1' }
  return store
}

test('transitions are passed on in their order, once, and the position moves over them', async () => {
  const store = known()
  const { pass, ids, lane } = start(store)
  const written = [store.write(), store.write({ alert_id: 'a2' }), store.write({ type: 'resolved' })]
  await pass(1000)
  expect(ids()).toEqual(written)
  expect(store.stored).toEqual({ cursor: '1000003-3', epoch: 'e1' })
  expect([...store.told.keys()]).toEqual(['a2'])
  await lane.stop(1000)
  expect(store.released).toBe(1)
})

test('what nobody is to be told is passed over', async () => {
  const store = known()
  const { pass, ids } = start(store)
  store.write({ deliver: false })
  const written = store.write({ alert_id: 'a2' })
  await pass(1000)
  expect(ids()).toEqual([written])
  expect(store.stored?.cursor).toBe('1000002-2')
})

test('what is no message, or one of another version, is counted, said once and passed over', async () => {
  const store = known()
  const { pass, ids, report, events } = start(store)
  store.write()
  store.entries[0] = { id: '1000001-1', text: store.entries[0]!.text.replace('"v":1', '"v":2') }
  store.write()
  store.entries[1] = { id: '1000002-2', text: '' }
  const written = store.write()
  await pass(1000)
  expect(ids()).toEqual([written])
  expect(report.counts.unreadable).toBe(2)
  expect(events.filter(({ event }) => event === 'unreadable')).toHaveLength(1)
})

test('a target that is down is tried with growing pauses, said once, and then gets everything in order', async () => {
  const store = known()
  let down = true
  const { pass, sent, ids, events, report } = start(store, () => (down ? LATER : OK))
  const written = [store.write(), store.write({ type: 'escalated', severity: 'CRITICAL' }), store.write({ type: 'resolved' })]
  await pass(120_000)
  expect(sent.length).toBeGreaterThan(4)
  expect(sent.length).toBeLessThan(12)
  down = false
  await pass(60_000)
  expect([...new Set(ids())]).toEqual(written)
  expect(events.map(({ event }) => event)).toEqual(['claimed', 'target_down', 'target_up'])
  expect(report.counts).toMatchObject({ sent: 3, refused: 0 })
})

test('what it asks for with Retry-After is kept to', async () => {
  const store = known()
  const { pass, sent } = start(store, (_delivery, index) => (index === 0 ? { ...LATER, kind: 'retry', askedMs: 30_000 } : OK))
  store.write()
  await pass(29_000)
  expect(sent).toHaveLength(1)
  await pass(3000)
  expect(sent).toHaveLength(2)
})

test('what is refused is given up, counted and said; the position moves on', async () => {
  const store = known()
  const { pass, events, report, ids } = start(store, (_delivery, index) => (index === 0 ? { kind: 'refused', reason: 'HTTP 404' } : OK))
  const written = [store.write(), store.write({ type: 'resolved' })]
  await pass(1000)
  expect(ids()).toEqual(written)
  expect(report.counts).toMatchObject({ sent: 1, refused: 1 })
  expect(events.at(-1)).toMatchObject({ event: 'refused', reason: 'HTTP 404', id: written[0] })
  expect(store.stored?.cursor).toBe('1000002-2')
})

test('one message that fails again and again while others are taken holds up its own alert only, and is given up', async () => {
  const store = known()
  const { pass, report, sent } = start(store, ({ message }) => (message.alert_id === 'poison' ? LATER : OK))
  store.write({ alert_id: 'poison' })
  for (let i = 0; i < 5; i++) {
    store.write({ alert_id: `a${i}` })
    await pass(40_000)
  }
  expect(sent.filter(({ message }) => message.alert_id !== 'poison')).toHaveLength(5)
  await pass(300_000)
  expect(report.counts).toMatchObject({ sent: 5, refused: 1 })
  expect(store.stored?.cursor).toBe('1000006-6')
})

test('a target that never answers holds a bounded number of transitions, and the claim goes on', async () => {
  const store = known()
  const { pass, sent } = start(store, () => new Promise(() => {}))
  for (let i = 0; i < 500; i++) store.write({ alert_id: `a${i}` })
  await pass(60_000)
  expect(sent).toHaveLength(8)
  expect(store.stored?.cursor).toBe('0-0')
})

test('whoever takes over goes on where the first stood: what was sent and not noted is sent again with its id', async () => {
  const store = known()
  const first = start(store, (_delivery, index) => (index < 2 ? OK : new Promise(() => {})))
  const written = [store.write(), store.write({ alert_id: 'a2' }), store.write({ alert_id: 'a3' }), store.write({ alert_id: 'a4' })]
  await first.pass(1000)
  expect(store.stored?.cursor).toBe('1000002-2')
  const second = start(store)
  await second.pass(1000)
  expect(second.ids()).toEqual(written.slice(2))
})

test('who has lost the claim sends nothing more and writes nothing; with the claim back it begins where it now stands', async () => {
  const store = known()
  const { pass, ids, events } = start(store)
  const written = [store.write()]
  await pass(1000)
  store.taken = true
  await pass(1000)
  store.write({ alert_id: 'a2' })
  await pass(1000)
  expect(ids()).toEqual(written)
  store.stored = { cursor: '1000002-2', epoch: 'e1' }
  store.taken = false
  written.push(store.write({ alert_id: 'a3' }))
  await pass(1000)
  expect(ids()).toEqual(written)
  expect(events.map(({ event }) => event)).toEqual(['claimed', 'lost', 'claimed'])
})

test('while Redis does not answer, nothing is begun once the claim may be another’s', async () => {
  const store = known()
  let answer: Outcome = LATER
  const { pass, sent } = start(store, () => answer)
  store.write()
  await pass(1000)
  store.away = true
  await pass(CLAIM_MS)
  const before = sent.length
  answer = OK
  await pass(60_000)
  expect(sent).toHaveLength(before)
  store.away = false
  await pass(2000)
  expect(sent).toHaveLength(before + 1)
})

test('a new target is told what is open, and nothing of the past', async () => {
  const store = new MemoryStore()
  store.write({ alert_id: 'over' })
  store.write({ alert_id: 'over', type: 'resolved' })
  store.write({ alert_id: 'open' })
  const { pass, sent, report } = start(store)
  await pass(1000)
  const written = store.write({ alert_id: 'open', type: 'resolved' })
  await pass(1000)
  expect(sent.map(({ id, message }) => [id, message.type])).toEqual([
    ['e1-open-3', 'fired'],
    [written, 'resolved'],
  ])
  expect(report.counts.trimmed).toBe(0)
})

test('an alert that changes while the target is told how alerts stand is told once', async () => {
  const store = new MemoryStore()
  store.write()
  const { pass, sent } = start(store)
  // Its document is newer than the stream was when it was looked at.
  const written = store.write({ type: 'escalated', severity: 'CRITICAL' })
  await pass(1000)
  expect(written).toBe('e1-1000002-2')
  expect(sent.map(({ message }) => [message.type, message.rev])).toEqual([['fired', 2]])
  expect(store.stored?.cursor).toBe('1000002-2')
})

test('of what was trimmed before it was passed on, it is told what still matters, and that some is missing', async () => {
  const store = known()
  const down = start(store, () => LATER)
  store.write({ alert_id: 'told' })
  await down.pass(1000)
  await down.lane.stop(0)
  store.told.set('told', { epoch: 'e1', rev: 1, service: 's', rule: 'r', severity: 'WARNING', told: [] })
  store.stored = { cursor: '1000001-1', epoch: 'e1' }
  store.write({ alert_id: 'told', type: 'resolved' })
  store.write({ alert_id: 'short' })
  store.write({ alert_id: 'short', type: 'resolved' })
  store.write({ alert_id: 'open' })
  store.trim(5)
  const { pass, sent, events, report } = start(store)
  await pass(1000)
  expect(sent.map(({ message }) => [message.alert_id, message.type])).toEqual([
    ['told', 'resolved'],
    ['open', 'fired'],
  ])
  expect(report.counts.trimmed).toBe(4)
  expect(events.map(({ event }) => event)).toContain('trimmed')
  expect([...store.told.keys()]).toEqual(['open'])
})

test('a server that lost its memory: the new stream is passed on from its beginning', async () => {
  const store = known()
  const { pass, ids, events } = start(store)
  const written = [store.write()]
  await pass(1000)
  Object.assign(store, { epoch: '', seq: 0, entries: [], stored: undefined, told: new Map() })
  store.documents.clear()
  await pass(1000)
  store.epoch = 'e2'
  written.push(store.write({ type: 'updated', cause: 'memory_lost' }))
  await pass(1500)
  expect(ids()).toEqual(written)
  expect(events.filter(({ event }) => event === 'memory_lost')).toHaveLength(1)
  expect(store.stored).toEqual({ cursor: '1000001-1', epoch: 'e2' })
  expect(store.told.get('a1')?.told.map(({ type }) => type)).toEqual(['fired', 'updated'])
})

test('a message says how many services are affected and who was told what before', async () => {
  const store = known()
  store.elsewhere.set('a1', [{ target: 'slack', told: [{ type: 'fired', severity: 'WARNING', at: '2026-11-22T10:00:00.000Z' }] }])
  const { pass, sent } = start(store)
  store.write()
  store.write({ type: 'escalated', severity: 'CRITICAL' })
  await pass(1000)
  expect(sent[0]).toMatchObject({ services: { affected: 1, known: 45 }, told: [{ target: 'slack' }] })
  expect(sent[1]!.told.map(({ target, told }) => [target, told.map(({ type }) => type)])).toEqual([
    ['pager', ['fired']],
    ['slack', ['fired']],
  ])
})

test('told to end, it waits for what is under way, at most so long', async () => {
  const store = known()
  const { lane, clock, pass, sent } = start(store, (_delivery, _index, signal) => {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(LATER))
    })
  })
  store.write()
  await pass(600)
  let ended = false
  const stopped = lane.stop(2000).then(() => (ended = true))
  for (let i = 0; i < 19; i++) {
    clock.advance(100)
    await settled()
  }
  expect([ended, sent.length]).toEqual([false, 1])
  clock.advance(200)
  await settled()
  await stopped
  expect(store.stored?.cursor).toBe('0-0')
  expect(store.released).toBe(1)
})

test('whatever fails, and whoever takes over: each alert’s transitions come in their order, and none is left out', async () => {
  const outcome = fc.constantFrom<Outcome>(OK, OK, OK, LATER)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { minLength: 1, maxLength: 40 }),
      fc.infiniteStream(outcome),
      fc.array(fc.integer({ min: 200, max: 4000 }), { maxLength: 4 }),
      async (alerts, outcomes, deaths) => {
        const store = known()
        const taken: string[] = []
        const answer: Send = ({ id, message }) => {
          const next = outcomes.next().value as Outcome
          if (next.kind === 'ok' && !taken.includes(id)) taken.push(id)
          return message.alert_id === '' ? OK : next
        }
        const written = alerts.map((alert, i) => ({ alert, id: store.write({ alert_id: `a${alert}`, message: String(i) }) }))
        for (const ms of deaths) {
          const clock = new VirtualClock()
          await start(store, answer, clock).pass(ms)
          // It is never heard of again: nothing moves its clock.
        }
        await start(store, answer).pass(400_000)
        for (const alert of new Set(alerts)) {
          const ids = written.filter((each) => each.alert === alert).map(({ id }) => id)
          expect(taken.filter((id) => ids.includes(id))).toEqual(ids)
        }
        expect(store.stored?.cursor).toBe(store.entries.at(-1)!.id)
      },
    ),
    { numRuns: 25 },
  )
})
