import { setImmediate as turn } from 'node:timers/promises'

import { beforeEach, expect, test } from 'vitest'

import type { AnyFunction, Call, WatchFunctionOptions } from '../../../src/instrument/calls/watch-function.ts'
import { watchFunction } from '../../../src/instrument/calls/watch-function.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const clock = new VirtualClock()
let calls: Call[]
beforeEach(() => {
  calls = []
})

function watch<F>(fn: F, options: Partial<WatchFunctionOptions> = {}): F {
  return watchFunction(fn as AnyFunction, { clock, onCall: (call) => void calls.push(call), ...options }) as F
}

/** Until whatever was not told at once is told. */
async function settle(): Promise<void> {
  await turn()
  await turn()
  clock.advance(150)
  await turn()
}

test('a call lasts until its promise settles, also where nobody asked', async () => {
  const fn = watch(async (ms: number) => {
    await turn()
    clock.advance(ms)
  })
  await fn(40)
  void fn(30)
  await turn()
  await settle()
  expect(calls.map(({ durationMs }) => durationMs)).toEqual([40, 30])
})

test('what whoever waited does next is not part of a call', async () => {
  const waits = watch(async () => {
    await turn()
    clock.advance(40)
  })
  const steps = watch(async function* () {
    yield 1
    await turn()
    clock.advance(20)
  })
  await waits()
  clock.advance(1000)
  for await (const _ of steps()) clock.advance(10)
  clock.advance(1000)
  await settle()
  expect(calls.map(({ durationMs }) => durationMs)).toEqual([40, 30])
})

test.for([
  { why: 'awaits nothing', fn: async () => {} },
  { why: 'is not async', fn: () => Promise.resolve() },
  { why: 'waits', fn: () => turn() },
])(
  'whoever waits for a call that $why goes on before it is recorded, and it is when they wait for the next thing or end',
  async ({ fn }) => {
    const told: string[] = []
    const watched = watch<() => Promise<void>>(fn, { onCall: () => told.push('recorded') })
    // While no calls are made promises are not looked at.
    await watch(async () => {})()
    await watched()
    told.push('goes on')
    await Promise.resolve()
    await (async () => {
      await watched()
      told.push('goes on')
    })()
    expect(told).toEqual(['goes on', 'recorded', 'goes on', 'recorded'])
  },
)

test('a call within a call has its own end', async () => {
  const inner = watch(async () => clock.advance(5))
  const outer = watch(async () => {
    void inner()
    clock.advance(10)
  })
  await outer()
  await settle()
  expect(new Set(calls.map(({ durationMs }) => durationMs))).toEqual(new Set([5, 15]))
})

test('a call that gives a promise of an earlier call that is over by then has no duration', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const fn = watch(() => promise)
  void fn()
  clock.advance(30)
  resolve()
  void fn()
  clock.advance(7)
  await settle()
  expect(calls.map(({ durationMs }) => durationMs)).toEqual([30, 0])
})

test('a call lasts until a generator is finished', () => {
  for (const _ of watch(function* () {
    yield 1
    yield 2
  })())
    clock.advance(10)
  expect(calls).toMatchObject([{ durationMs: 20 }])
})

test('a call that settled before its promise was handed out has no duration, however late that is seen', async () => {
  void watch(() => Promise.resolve(1))()
  await settle()
  expect(calls).toMatchObject([{ durationMs: 0, value: 1 }])
})

test('a call has the arguments it was called with', async () => {
  await watch(async (...args: unknown[]) => args.length)(1, undefined, 'x')
  await settle()
  expect(calls[0]?.args).toEqual([1, undefined, 'x'])
})

test('a call is told when it begins', () => {
  const seen: unknown[] = []
  watch((a: number) => seen.push(`runs ${a}`), { onBegin: (args) => seen.push(args), onCall: () => seen.push('told') })(1)
  expect(seen).toEqual([[1], 'runs 1', 'told'])
})

test('a call is recorded only on the objects that are asked for', () => {
  const o: { fn?: () => number } = {}
  o.fn = watch((): number => 1, { when: (self) => self === o })
  o.fn()
  const { fn } = o
  fn()
  expect(calls).toHaveLength(1)
})

test('a call does not notice a listener that throws', async () => {
  const BOOM = new Error('boom')
  const thrower = (): never => {
    throw BOOM
  }
  const fn = watch(async () => 1, { onBegin: thrower, onCall: thrower })
  expect([await fn(), await fn()]).toEqual([1, 1])
})

test('a call can be watched by two', async () => {
  const fn = watch(watch(async () => 1))
  expect(await fn()).toBe(1)
  await settle()
  expect(calls).toHaveLength(2)
  expect(String(fn)).toBe('async () => 1')
})

test('nothing of the process is listened to any more when no call is pending', async () => {
  let finish = (): void => {}
  void watch(() => new Promise<void>((resolve) => (finish = resolve)))()
  clock.advance(1000)
  expect(clock.nextDue()).toBeLessThan(Infinity)
  finish()
  await settle()
  clock.advance(300)
  expect(clock.nextDue()).toBe(Infinity)
})

test('a promise that is pending for long and that somebody waits for does not keep that up', async () => {
  void watch(() => new Promise(() => {}))().then(() => {})
  clock.advance(60_000)
  await settle()
  expect(clock.nextDue()).toBe(Infinity)
})
