import { describe, expect, test } from 'vitest'
import { FanOut } from '../../src/publish/fan-out.ts'
import type { HealthChannel, Snapshot, Transition } from '../../src/types.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { alertOf, snapshotOf, transitionOf } from '../wire/fixtures.ts'

/** What it is told, in order; `answer` is what it answers to each. */
class Listener implements HealthChannel {
  readonly heard: string[] = []
  readonly #answer: (what: string) => void | Promise<void>

  constructor(answer: (what: string) => void | Promise<void> = () => {}) {
    this.#answer = answer
  }

  #hear(what: string): void | Promise<void> {
    this.heard.push(what)
    return this.#answer(what)
  }

  status({ reasons }: Snapshot): void | Promise<void> {
    return this.#hear(`status ${reasons[0]}`)
  }

  metrics(): void | Promise<void> {
    return this.#hear('metrics')
  }

  transition({ type }: Transition): void | Promise<void> {
    return this.#hear(type)
  }

  async stop({ phase }: Snapshot): Promise<void> {
    await this.#hear(phase)
  }
}

const never = () => new Promise<never>(() => {})
const settled = () => new Promise((resolve) => setImmediate(resolve))
const STOPPED = snapshotOf({ phase: 'stopped' })

function fanOut(...channels: readonly HealthChannel[]) {
  const clock = new VirtualClock()
  const first = new MemoryExporter(clock, [alertOf()])
  return { clock, first, exporter: new FanOut(first, channels, clock) }
}

test('every channel is told everything, in order, and so is the first', async () => {
  const [one, two] = [new Listener(), new Listener(async () => void (await settled()))]
  const { first, exporter } = fanOut(one, two)
  exporter.transition(transitionOf('fired'))
  exporter.status(snapshotOf({ reasons: ['r1'] }))
  exporter.metrics(snapshotOf())
  await exporter.stop(STOPPED, 1000)
  for (const { heard } of [one, two]) expect(heard).toEqual(['fired', 'status r1', 'metrics', 'stopped'])
  expect([first.told.length, first.statuses.length, first.metricsMessages.length, first.stopped]).toEqual([1, 1, 1, STOPPED])
  expect(exporter.dropped).toBe(0)
})

test('what is kept is kept by the first alone', async () => {
  const { first, exporter } = fanOut(new Listener())
  first.present = { others: [], open: [], silent: ['geocoding'], clockSkewMs: 5 }
  expect(await exporter.load(1000)).toEqual([alertOf()])
  expect(await exporter.presence()).toBe(first.present)
  exporter.save(alertOf({ id: 'a2' }))
  expect([...first.saved.keys()]).toEqual(['a2'])
})

describe('a channel that hangs', () => {
  test('keeps neither the first nor another waiting', async () => {
    const [hanging, well] = [new Listener(never), new Listener()]
    const { first, exporter } = fanOut(hanging, well)
    for (let i = 0; i < 50; i++) exporter.status(snapshotOf({ reasons: [String(i)] }))
    await settled()
    expect([hanging.heard.length, well.heard.length, first.statuses.length]).toEqual([1, 50, 50])
  })

  test('has a thousand messages kept for it; the oldest give way, are counted, and it is said once', async () => {
    const lines = diagLines()
    const release = Promise.withResolvers<void>()
    const slow = new Listener(() => release.promise)
    const { exporter } = fanOut(slow, new Listener())
    for (let i = 0; i <= 1500; i++) {
      exporter.status(snapshotOf({ reasons: [String(i)] }))
      // The other one keeps up.
      if (i % 100 === 0) await settled()
    }
    expect(exporter.dropped).toBe(500)
    expect(lines).toEqual(['otel-health: a health channel is not told everything (it is too slow); the others are.'])
    release.resolve()
    await expect.poll(() => slow.heard.length, { interval: 1 }).toBe(1001)
    expect([slow.heard[0], slow.heard[1], slow.heard.at(-1)]).toEqual(['status 0', 'status 501', 'status 1500'])
  })

  test('is waited for no longer than the stop may take', async () => {
    const hanging = new Listener((what) => (what === 'stopped' ? undefined : never()))
    const { clock, exporter } = fanOut(hanging, new Listener())
    exporter.status(snapshotOf())
    let stopped = false
    const stopping = exporter.stop(STOPPED, 1000).then(() => (stopped = true))
    await settled()
    clock.advance(999)
    await settled()
    expect(stopped).toBe(false)
    clock.advance(1)
    await stopping
    expect(hanging.heard).toEqual(['status low_success_rate'])
  })

  test('in its stop is waited for no longer either', async () => {
    const { clock, exporter } = fanOut(new Listener(never))
    const stopping = exporter.stop(STOPPED, 1000)
    await settled()
    clock.advance(1000)
    await expect(stopping).resolves.toBeUndefined()
  })

  test('has what it can still be told told before it is stopped', async () => {
    const slow = new Listener(async () => void (await settled()))
    const { exporter } = fanOut(slow)
    for (const reason of ['a', 'b', 'c']) exporter.status(snapshotOf({ reasons: [reason] }))
    await exporter.stop(STOPPED, 1000)
    expect(slow.heard).toEqual(['status a', 'status b', 'status c', 'stopped'])
  })
})

describe('a channel that fails', () => {
  test.for([
    {
      why: 'throws',
      answer: () => {
        throw new Error('no such host')
      },
    },
    { why: 'rejects', answer: () => Promise.reject(new Error('no such host')) },
  ])('and $why is counted and said once, is told what comes next, and hurts nobody', async ({ answer }) => {
    const lines = diagLines()
    const [failing, well] = [new Listener(answer), new Listener()]
    const { first, exporter } = fanOut(failing, well)
    for (let i = 0; i < 3; i++) exporter.transition(transitionOf('fired'))
    await settled()
    expect([failing.heard.length, well.heard.length, first.told.length, exporter.dropped]).toEqual([3, 3, 3, 3])
    exporter.transition(transitionOf('resolved'))
    await exporter.stop(STOPPED, 1000)
    expect(failing.heard).toEqual(['fired', 'fired', 'fired', 'resolved', 'stopped'])
    expect(exporter.dropped).toBe(5)
    expect(lines).toEqual(['otel-health: a health channel is not told everything (no such host); the others are.'])
  })

  test('with what is no error is counted too', async () => {
    const lines = diagLines()
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors
    const { exporter } = fanOut(new Listener(() => Promise.reject('no')))
    exporter.metrics(snapshotOf())
    await settled()
    expect([exporter.dropped, lines.length]).toEqual([1, 1])
  })
})
