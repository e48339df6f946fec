/** judgement.md: unreachable after 2 failed checks in a row, the second within 1 s of the first; invalid at once; real requests count as checks. */
import { setImmediate } from 'node:timers/promises'

import { describe, expect, test } from 'vitest'

import type { AnisetteEvidence } from '../../../src/kinds/tracker-fetcher/anisette-watch.ts'
import { AnisetteWatch } from '../../../src/kinds/tracker-fetcher/anisette-watch.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

/** A server that answers as it is told; `hang` answers nobody until it is asked about something else. */
function setUp({ probing = true }: { probing?: boolean } = {}) {
  const clock = new VirtualClock()
  const probes: { readonly at: number; readonly signal: AbortSignal }[] = []
  const told: string[] = []
  const server: { answers: AnisetteEvidence | 'hang' | 'reject' | 'throw' } = { answers: 'reachable' }
  const probe = (signal: AbortSignal): Promise<AnisetteEvidence> => {
    probes.push({ at: clock.monotonicMs(), signal })
    if (server.answers === 'hang') return new Promise(() => {})
    if (server.answers === 'throw') throw undefined
    return server.answers === 'reject' ? Promise.reject(new Error('ECONNREFUSED')) : Promise.resolve(server.answers)
  }
  const watch = new AnisetteWatch({ clock, ...(probing && { probe }), onState: (state) => told.push(`${clock.monotonicMs()} ${state}`) })
  const advance = async (ms: number): Promise<void> => {
    const end = clock.monotonicMs() + ms
    await setImmediate()
    while (clock.nextDue() <= end) {
      clock.advance(clock.nextDue() - clock.monotonicMs())
      await setImmediate()
    }
    clock.advance(end - clock.monotonicMs())
    await setImmediate()
  }
  return { clock, server, probes, told, watch, advance }
}

describe('probes', () => {
  test('tell at once that the server can be used, then every 15 s to 20 s', async () => {
    const { watch, told, probes, advance } = setUp()
    watch.start()
    await advance(60_000)
    expect(told[0]).toBe('0 reachable')
    expect(probes.map(({ at }) => at)).toEqual([0, 15_000, 30_000, 45_000, 60_000])
  })

  test.for(['reject', 'throw', 'unreachable'] as const)(
    'that fail (%s) are repeated at once, and two failures are told',
    async (answers) => {
      const { watch, told, probes, server, advance } = setUp()
      server.answers = answers
      watch.start()
      await advance(0)
      expect(probes).toHaveLength(2)
      expect(told).toEqual(['0 unreachable'])
    },
  )

  test('that fail once are a hiccup', async () => {
    const { watch, told, probes, server, advance } = setUp()
    watch.start()
    await advance(14_999)
    server.answers = 'hang'
    await advance(5000)
    server.answers = 'reachable'
    await advance(1)
    expect(told).toEqual(['0 reachable', '20000 reachable'])
    expect(probes.map(({ at }) => at)).toEqual([0, 15_000, 20_000])
  })

  test('that hang fail after 5 s, the second one after 1 s more', async () => {
    const { watch, told, probes, server, advance } = setUp()
    server.answers = 'hang'
    watch.start()
    await advance(5999)
    expect(told).toEqual([])
    await advance(1)
    expect(told).toEqual(['6000 unreachable'])
    expect(probes.map(({ at, signal }) => [at, signal.aborted])).toEqual([
      [0, true],
      [5000, true],
    ])
  })

  test('that are answered without usable headers tell so at once', async () => {
    const { watch, told, probes, server, advance } = setUp()
    server.answers = 'invalid'
    watch.start()
    await advance(0)
    expect(told).toEqual(['0 invalid'])
    expect(probes).toHaveLength(1)
  })

  test('go on while the server is down, and one answer is enough to be back', async () => {
    const { watch, told, server, advance } = setUp()
    server.answers = 'reject'
    watch.start()
    await advance(14_999)
    server.answers = 'reachable'
    await advance(1)
    expect(told).toEqual(['0 unreachable', '15000 reachable'])
  })
})

describe('real requests', () => {
  test('that succeed put off the probe', async () => {
    const { watch, told, probes, advance } = setUp()
    watch.start()
    for (let i = 0; i < 10; i++) {
      await advance(10_000)
      watch.observe('reachable')
    }
    expect(probes).toHaveLength(1)
    expect(told).toHaveLength(11)
  })

  test('that fail are confirmed by a probe within a second', async () => {
    const { watch, told, probes, server, advance } = setUp()
    server.answers = 'hang'
    watch.observe('unreachable')
    expect(probes).toHaveLength(1)
    await advance(999)
    expect(told).toEqual([])
    await advance(1)
    expect(told).toEqual(['1000 unreachable'])
  })

  test('that fail while a probe hangs do not wait 5 s for it', async () => {
    const { watch, told, probes, server, advance } = setUp()
    server.answers = 'hang'
    watch.start()
    await advance(1000)
    watch.observe('unreachable')
    await advance(1000)
    expect(told).toEqual(['2000 unreachable'])
    expect(probes).toHaveLength(1)
  })

  test('that fail twice in a row are two checks, and told in the same tick', async () => {
    const { watch, told } = setUp({ probing: false })
    watch.observe('unreachable')
    expect(told).toEqual([])
    watch.observe('unreachable')
    expect(told).toEqual(['0 unreachable'])
  })

  test('that fail and succeed in turn are no outage', () => {
    const { watch, told } = setUp({ probing: false })
    for (let i = 0; i < 5; i++) {
      watch.observe('unreachable')
      watch.observe('reachable')
    }
    expect(new Set(told)).toEqual(new Set(['0 reachable']))
  })

  test('that are answered without usable headers tell so in the same tick', () => {
    const { watch, told, probes } = setUp()
    watch.observe('invalid')
    expect(told).toEqual(['0 invalid'])
    expect(probes).toHaveLength(0)
  })

  test('that succeed after a failure, before its probe has failed, begin the count anew', async () => {
    const { watch, told, probes, server, advance } = setUp()
    server.answers = 'hang'
    watch.observe('unreachable')
    await advance(500)
    watch.observe('reachable')
    server.answers = 'reachable'
    await advance(500)
    expect(told).toEqual(['500 reachable', '1000 reachable'])
    expect(probes).toHaveLength(2)
  })
})

describe('a watch', () => {
  test('whose server has no address probes nothing', async () => {
    const { watch, clock } = setUp({ probing: false })
    watch.start()
    expect(clock.nextDue()).toBe(Infinity)
  })

  test('that is stopped aborts its probe, tells nothing of it and leaves no timer', async () => {
    const { watch, told, clock, probes, server, advance } = setUp()
    server.answers = 'hang'
    watch.start()
    watch.stop()
    await advance(60_000)
    expect(probes.map(({ signal }) => signal.aborted)).toEqual([true])
    expect(told).toEqual([])
    expect(clock.nextDue()).toBe(Infinity)
  })
})
