import { expect, test } from 'vitest'

import { applyChange } from '../../../src/panel/data/changes.ts'
import { LiveFeed } from '../../../src/panel/data/live-feed.ts'
import type { FeedEvent } from '../../../src/panel/panel-data.ts'
import type { Change, Now } from '../../../src/panel/protocol.ts'
import type { Connection, ToldEvent } from '../../../src/subscribe/health-event.ts'
import type { HealthSubscriber } from '../../../src/subscribe/health-subscriber.ts'
import type { HealthView } from '../../../src/subscribe/health-view.ts'
import type { AlertMessage } from '../../../src/wire/alert-message.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { AT, alertView, iso, serviceView, viewOf } from './views.ts'

/** A subscriber that says what it is told to. */
class Said {
  view: HealthView = viewOf([serviceView()])
  connection: Connection = { state: 'connected' }
  looks = 0
  readonly #listeners = new Map<string, Set<(event: never) => void>>()

  readonly source: Pick<HealthSubscriber, 'view' | 'connection' | 'on'> = Object.defineProperties(
    {
      on: (kind: string, listener: (event: never) => void) => {
        const listeners = this.#listeners.get(kind) ?? new Set()
        this.#listeners.set(kind, listeners)
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    { view: { get: () => this.#look() }, connection: { get: () => this.connection } },
  ) as object as Pick<HealthSubscriber, 'view' | 'connection' | 'on'>

  #look(): HealthView {
    this.looks++
    return this.view
  }

  tell(event: ToldEvent): void {
    for (const listener of this.#listeners.get(event.kind) ?? []) listener(event as never)
  }

  show(view: HealthView): void {
    this.view = view
    this.tell({ kind: 'view', view })
  }
}

function begin() {
  const [said, clock] = [new Said(), new VirtualClock(AT)]
  const feed = new LiveFeed({ subscriber: said.source, clock })
  const events: FeedEvent[] = []
  return { said, clock, feed, events, hear: () => feed.listen((event) => events.push(event)) }
}

function transition(id: string): AlertMessage {
  return { ...alertView(), channel: 'alerts', id, epoch: 'e', seq: 1, type: 'fired', deliver: true, timestamp: iso(AT) }
}

test('while nobody listens nothing is computed, and what is asked for is as it is now', () => {
  const { said, clock, feed } = begin()
  said.show(viewOf([serviceView(), serviceView('other')]))
  clock.advance(60_000)
  expect(said.looks).toBe(0)
  expect(feed.latest().now.services.map(({ service }) => service)).toEqual(['mailer', 'other'])
  expect(JSON.parse(feed.latest().json)).toEqual(JSON.parse(JSON.stringify(feed.latest().now)))
})

test('many who ask at once are answered from one computation', () => {
  const { said, feed } = begin()
  const first = feed.latest()
  for (let i = 0; i < 20; i++) expect(feed.latest().json).toBe(first.json)
  expect(said.looks).toBe(1)
})

test('a change is told with the view, to all who listen, as the same text', () => {
  const { said, clock, feed, events, hear } = begin()
  const { id, now } = feed.latest()
  hear()
  const others: FeedEvent[] = []
  feed.listen((event) => others.push(event))
  clock.advance(200)
  said.show(viewOf([serviceView('mailer', { status: 'degraded' })]))
  expect(events).toHaveLength(1)
  expect(others[0]).toBe(events[0])
  const change = JSON.parse(events[0]!.json) as Change
  expect(change.services.map(({ status }) => status)).toEqual(['degraded'])
  expect(feed.after(id)).toEqual(events)
  expect(applyChange(now, change)).toEqual(JSON.parse(feed.latest().json))
})

test('an event comes at least once a second while somebody listens, though nothing changes', () => {
  const { clock, feed, events, hear } = begin()
  feed.latest()
  const stop = hear()
  let longest = 0
  for (let ms = 0, told = 0, last = 0; ms < 10_000; ms += 50) {
    clock.advance(50)
    if (events.length > told) [told, last] = [events.length, ms]
    longest = Math.max(longest, ms - last)
  }
  expect(longest).toBeLessThanOrEqual(1000)
  expect(events.length).toBeLessThanOrEqual(14)
  stop()
  const told = events.length
  clock.advance(10_000)
  expect(events).toHaveLength(told)
})

test('transitions are told at once, each once, and kept for who comes back', () => {
  const { said, feed, events, hear } = begin()
  const { id } = feed.latest()
  said.tell({ kind: 'message', message: transition('5-1') })
  const stop = hear()
  said.tell({ kind: 'message', message: transition('6-2') })
  stop()
  said.tell({ kind: 'message', message: transition('7-3') })
  const told = (all: readonly FeedEvent[]) =>
    all.filter(({ event }) => event === 'transition').map(({ json }) => (JSON.parse(json) as { id: string }).id)
  expect(told(events)).toEqual(['6-2'])
  expect(told(feed.after(id)!)).toEqual(['5-1', '6-2', '7-3'])
})

test('whoever comes back gets what has changed while nobody listened', () => {
  const { said, clock, feed } = begin()
  const { id, now } = feed.latest()
  clock.advance(5000)
  said.show(viewOf([serviceView('other')]))
  const events = feed.after(id)!
  const shown = events.reduce<Now>((before, { json }) => applyChange(before, JSON.parse(json) as Change), now)
  expect(shown.services.map(({ service }) => service)).toEqual(['other'])
})

test.for(['gap', 'epoch'] as const)('after a %s the next change carries everything', (kind) => {
  const { said, clock, feed, events, hear } = begin()
  feed.latest()
  hear()
  clock.advance(300)
  said.tell(kind === 'gap' ? { kind, shard: 0, epoch: 'e', from: 1, to: 2, missed: 2 } : { kind, shard: 0, from: 'e', to: 'f' })
  said.show(said.view)
  expect((JSON.parse(events.at(-1)!.json) as Change).services).toHaveLength(1)
  clock.advance(300)
  said.show(viewOf(said.view.services, [], { seq: 2 }))
  expect((JSON.parse(events.at(-1)!.json) as Change).services).toHaveLength(0)
})

test('that Redis is away is a change', () => {
  const { said, clock, feed, events, hear } = begin()
  feed.latest()
  hear()
  clock.advance(300)
  said.connection = { state: 'stale', since: AT, reason: 'ECONNREFUSED' }
  said.show({ ...said.view, staleSince: AT })
  expect(JSON.parse(events.at(-1)!.json)).toMatchObject({ staleSince: AT, staleReason: 'ECONNREFUSED' })
})

test('a listener that fails keeps the others from nothing, and one who listens twice ends twice', () => {
  const { said, feed, events } = begin()
  feed.listen(() => {
    throw new Error('broken')
  })
  const listener = (event: FeedEvent) => void events.push(event)
  const [stop] = [feed.listen(listener), feed.listen(listener)]
  stop()
  said.tell({ kind: 'message', message: transition('5-1') })
  expect(events).toHaveLength(1)
})
