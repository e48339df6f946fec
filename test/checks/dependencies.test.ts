/** How servers that were found in use are judged: their own traffic first, a probe where there is none; on a virtual clock. */
import { setImmediate } from 'node:timers/promises'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { CheckRunner } from '../../src/checks/check-runner.ts'
import type { DependencyEvidence, DependencyKind } from '../../src/checks/dependency-evidence.ts'
import type { ProbeResult } from '../../src/checks/dependency-probe.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const REFUSED = { ok: false, error: 'ECONNREFUSED', reached: false } as const
const ADDRESS = 'db:6379'
const HOUR_MS = 3_600_000

function setUp({ kind = 'redis', checks = [] as string[] }: { kind?: DependencyKind; checks?: string[] } = {}) {
  const clock = new VirtualClock()
  const server: { answers: ProbeResult | 'hang' } = { answers: { ok: true } }
  const probes: string[] = []
  const changes: string[] = []
  const runner: CheckRunner = new CheckRunner({
    checks: checks.map((name) => ({ name, required: true, run: () => Promise.resolve() })),
    clock,
    random: () => 0.5,
    onChange: () => changes.push(`${clock.monotonicMs()} ${runner.failing().join(' ') || 'ok'}`),
    probe: (of, address) => (signal) => {
      probes.push(`${clock.monotonicMs()} ${of} ${address}`)
      if (server.answers !== 'hang') return Promise.resolve(server.answers)
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ ok: false, error: 'timeout', reached: true })))
    },
  })
  const observe = (evidence: Partial<DependencyEvidence>): Promise<void> => {
    runner.observe({ kind, address: ADDRESS, ok: evidence.error === undefined, ...evidence })
    return setImmediate()
  }
  const advance = async (ms: number): Promise<void> => {
    const end = clock.monotonicMs() + ms
    while (clock.nextDue() <= end) {
      clock.advance(clock.nextDue() - clock.monotonicMs())
      await setImmediate()
    }
    clock.advance(end - clock.monotonicMs())
    await setImmediate()
  }
  /** Answers to the service every 5 s. */
  const traffic = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 5000) {
      await observe({ ok: true, latencyMs: 2 })
      await advance(5000)
    }
  }
  return { clock, server, probes, changes, runner, observe, advance, traffic }
}

describe('real traffic', () => {
  test('is a check: healthy at the first answer, with its latency', async () => {
    const { runner, observe, changes, probes } = setUp()
    await runner.start()
    await observe({ ok: true, latencyMs: 3 })
    expect(runner.results()).toEqual({ redis: { status: 'healthy', latencyMs: 3 } })
    expect(changes).toEqual(['0 ok'])
    expect(probes).toEqual([])
  })

  test('keeps probes away for as long as there is any', async () => {
    const { runner, traffic, probes, changes } = setUp()
    await runner.start()
    await traffic(3_600_000)
    expect(probes).toEqual([])
    expect(changes).toHaveLength(1)
  })

  test('without a latency leaves the last one', async () => {
    const { runner, observe } = setUp()
    await observe({ ok: true, latencyMs: 3 })
    await observe({ ok: true })
    expect(runner.results()['redis']).toEqual({ status: 'healthy', latencyMs: 3 })
  })

  test('that has ended is followed by a probe every 15 s to 20 s', async () => {
    const { runner, observe, advance, probes } = setUp()
    await runner.start()
    await observe({ ok: true })
    await advance(60_000)
    expect(probes.map((probe) => Number(probe.split(' ')[0]))).toEqual([15_000, 30_000, 45_000, 60_000])
  })

  test('seen before the start counts', async () => {
    const { runner, observe } = setUp()
    await observe({ error: 'ECONNREFUSED' })
    expect(runner.results()).toMatchObject({ redis: { status: 'healthy' } })
  })
})

describe('failures', () => {
  test('one is a hiccup: the probe that follows at once finds the server', async () => {
    const { runner, observe, probes, changes } = setUp()
    await runner.start()
    await observe({ ok: true })
    await observe({ error: 'ECONNRESET' })
    expect(probes).toHaveLength(1)
    expect(changes).toEqual(['0 ok'])
  })

  test('one and a failed probe are two, told in the same instant', async () => {
    const { runner, observe, server, changes } = setUp()
    await runner.start()
    await observe({ ok: true })
    server.answers = REFUSED
    await observe({ error: 'closed' })
    expect(changes).toEqual(['0 ok', '0 redis'])
    expect(runner.results()['redis']).toEqual({ status: 'unhealthy', error: 'ECONNREFUSED' })
  })

  test('one and a server that accepts but says nothing are two after a second', async () => {
    const { runner, observe, server, changes, advance } = setUp()
    await runner.start()
    await observe({ ok: true })
    server.answers = 'hang'
    await observe({ error: 'timeout' })
    await advance(1000)
    expect(changes).toEqual(['0 ok', '1000 redis'])
  })

  test('of a whole pool at once are one', async () => {
    const { runner, observe, server, changes, advance } = setUp()
    await runner.start()
    await observe({ ok: true })
    server.answers = 'hang'
    for (let i = 0; i < 10; i++) await observe({ error: 'ECONNRESET' })
    server.answers = { ok: true }
    await advance(200)
    await observe({ ok: true })
    expect(changes).toEqual(['0 ok'])
  })

  test('that go on for longer than an incident are two, whatever became of the probe', async () => {
    const { runner, observe, server, changes, advance } = setUp()
    await runner.start()
    server.answers = 'hang'
    await observe({ error: 'ECONNRESET' })
    await advance(250)
    await observe({ error: 'ECONNRESET' })
    expect(changes).toEqual(['250 redis'])
  })

  test('end with the first answer', async () => {
    const { runner, observe, server, changes } = setUp()
    await runner.start()
    server.answers = REFUSED
    await observe({ error: 'closed' })
    await observe({ ok: true })
    expect(changes).toEqual(['0 redis', '0 ok'])
  })

  test('end when a probe, one every 5 s meanwhile, is answered', async () => {
    const { runner, observe, server, changes, advance } = setUp()
    await runner.start()
    server.answers = REFUSED
    await observe({ error: 'closed' })
    await advance(60_000)
    server.answers = { ok: true }
    await advance(5000)
    expect(changes).toEqual(['0 redis', '65000 ok'])
  })

  test('a probe that fails after the service got an answer is no news', async () => {
    const { runner, observe, server, changes, advance } = setUp()
    await runner.start()
    await observe({ ok: true })
    server.answers = 'hang'
    await observe({ error: 'ECONNRESET' })
    await advance(500)
    await observe({ ok: true })
    await advance(2000)
    expect(changes).toEqual(['0 ok'])
  })
})

describe('refusals', () => {
  test('two in a row are unhealthy; a probe, which needs no password, is not asked', async () => {
    const { runner, observe, advance, probes, changes } = setUp()
    await runner.start()
    for (let i = 0; i < 30; i++) {
      await observe({ error: 'NOAUTH', refused: true })
      await advance(1000)
    }
    expect(probes).toEqual([])
    expect(changes).toEqual(['1000 redis'])
    expect(runner.results()['redis']).toMatchObject({ error: 'NOAUTH' })
  })

  test('that have ended are followed by a probe', async () => {
    const { runner, observe, advance, changes } = setUp()
    await runner.start()
    await observe({ error: '57P03', refused: true })
    await advance(1000)
    await observe({ error: '57P03', refused: true })
    await advance(20_000)
    expect(changes).toEqual(['1000 redis', '20000 ok'])
  })
})

describe('a frozen server', () => {
  test('is found by the probe after traffic has ended, within 26 s', async () => {
    const { runner, traffic, server, changes, advance } = setUp()
    await runner.start()
    await traffic(60_000)
    server.answers = 'hang'
    await advance(26_000)
    expect(changes.at(-1)).toMatch(/ redis$/)
    expect(runner.results()['redis']).toMatchObject({ error: 'timeout' })
  })
})

describe('an address that cannot be probed, as a tunnel has', () => {
  test('gives no verdict of the probe, and none at all once nobody has seen it for 5 minutes', async () => {
    const { runner, observe, server, changes, advance } = setUp()
    await runner.start()
    server.answers = REFUSED
    await observe({ ok: true })
    await advance(299_000)
    expect(runner.results()).toMatchObject({ redis: { status: 'healthy' } })
    await advance(1000)
    expect(runner.results()).toEqual({})
    expect(changes).toEqual(['0 ok'])
  })

  test('is believed once a probe has got through', async () => {
    const { runner, observe, server, changes, advance } = setUp()
    await runner.start()
    await observe({ ok: true })
    await advance(15_000)
    server.answers = REFUSED
    await advance(15_000)
    expect(changes).toEqual(['0 ok', '30000 redis'])
  })
})

test('MySQL is not probed while nothing is wrong, and is after a failure', async () => {
  const { runner, observe, probes, advance } = setUp({ kind: 'mysql' })
  await runner.start()
  await observe({ ok: true })
  await advance(3_600_000)
  expect(probes).toEqual([])
  await observe({ error: 'PROTOCOL_CONNECTION_LOST' })
  expect(probes).toHaveLength(1)
})

describe('names', () => {
  test.for([
    { why: 'by kind, numbered from the second', checks: [], names: ['redis', 'postgres', 'redis_2'] },
    { why: 'none that a configured check has', checks: ['redis'], names: ['redis', 'redis_2', 'postgres', 'redis_3'] },
  ])('$why', async ({ checks, names }) => {
    const { runner, observe } = setUp({ checks })
    await runner.start()
    await observe({ ok: true })
    await observe({ kind: 'postgres', address: 'db:5432', ok: true })
    await observe({ address: 'cache:6379', ok: true })
    await observe({ ok: true })
    expect(Object.keys(runner.results())).toEqual(names)
  })

  test('are at most ten', async () => {
    const { runner, observe } = setUp()
    for (let i = 0; i < 20; i++) await observe({ address: `node-${i}:6379`, ok: true })
    expect(Object.keys(runner.results())).toHaveLength(10)
  })

  test('a server that fails and was left for another of its kind is forgotten after 5 minutes', async () => {
    const { runner, observe, server, advance } = setUp()
    await runner.start()
    server.answers = REFUSED
    await observe({ error: 'closed' })
    for (let i = 0; i < 62; i++) {
      await observe({ address: 'other:6379', ok: true })
      await advance(5000)
    }
    expect(runner.results()).toEqual({ redis_2: { status: 'healthy' } })
  })

  test('one that fails and is the only one is kept for an hour after the service has given up, then forgotten until it is tried', async () => {
    const { runner, observe, server, changes, probes, advance } = setUp()
    await runner.start()
    server.answers = REFUSED
    await observe({ error: 'closed' })
    await advance(HOUR_MS - 1)
    expect(runner.failing()).toEqual(['redis'])
    await advance(1)
    expect(runner.results()).toEqual({})
    expect(changes).toEqual(['0 redis', `${HOUR_MS} ok`])

    const before = probes.length
    await advance(HOUR_MS)
    expect(probes).toHaveLength(before)
    await observe({ error: 'ECONNREFUSED' })
    expect(runner.failing()).toEqual(['redis'])
  })

  test('one that fails and is tried once in a while is kept', async () => {
    const { runner, observe, server, changes, advance } = setUp()
    await runner.start()
    server.answers = REFUSED
    for (let i = 0; i < 5; i++) {
      await observe({ error: 'ECONNREFUSED' })
      await advance(HOUR_MS - 5000)
    }
    expect(changes).toEqual(['0 redis'])
  })

  test.for<{ kind: DependencyKind }>([{ kind: 'redis' }, { kind: 'postgres' }])(
    '$kind that goes long after it was last used is told, and forgotten an hour later',
    async ({ kind }) => {
      const { runner, observe, server, changes, advance } = setUp({ kind })
      await runner.start()
      await observe({ ok: true })
      await advance(24 * HOUR_MS)
      expect(runner.results()).toMatchObject({ [kind]: { status: 'healthy' } })
      server.answers = REFUSED
      await advance(2 * HOUR_MS)
      const toldAt = 24 * HOUR_MS + 15_000
      expect(changes).toEqual(['0 ok', `${toldAt} ${kind}`, `${toldAt + HOUR_MS} ok`])
    },
  )
})

test('a runner that is stopped probes no more, and what the service finds still counts', async () => {
  const { clock, runner, observe, server, probes } = setUp()
  await runner.start()
  await observe({ ok: true })
  server.answers = 'hang'
  await observe({ error: 'ECONNRESET' })
  runner.stop()
  await setImmediate()
  expect(clock.nextDue()).toBe(Infinity)
  await observe({ error: 'ECONNRESET' })
  expect(probes).toHaveLength(1)
  await observe({ ok: true })
  expect(runner.results()['redis']).toMatchObject({ status: 'healthy' })
})

test('one failure between answers never makes it unhealthy, whenever it happens, while the server answers probes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.boolean()), { maxLength: 30 }), async (events) => {
      const { runner, observe, advance } = setUp()
      await runner.start()
      await observe({ ok: true })
      for (const [wait, fails] of events) {
        await advance(wait)
        await observe(fails ? { error: 'ECONNRESET' } : { ok: true })
        expect(runner.failing()).toEqual([])
      }
    }),
    { numRuns: 30 },
  )
})
