/** Operations published on tracing channels, each told once. */
import { tracingChannel } from 'node:diagnostics_channel'
import { setImmediate as turn } from 'node:timers/promises'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { watchChannel } from '../../../src/instrument/calls/tracing-channel.ts'
import type { Call } from '../../../src/instrument/calls/watch-function.ts'
import type { Cancel } from '../../../src/types.ts'
import { diagLines } from '../../contracts/diag-lines.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const BOOM = new Error('boom')
const NAME = 'otel-health:test'
const clock = new VirtualClock()
let calls: Call[]
let begun: unknown[]
let cancel: Cancel
beforeEach(() => {
  calls = []
  begun = []
  cancel = watchChannel(NAME, { clock, onBegin: (args) => void begun.push(...args), onCall: (call) => void calls.push(call) })
})
afterEach(() => cancel())

const channel = tracingChannel<object, Record<string, unknown>>(NAME)
const later = async <T>(value: T, ms = 10): Promise<T> => {
  await turn()
  clock.advance(ms)
  return value
}
const fails = async (): Promise<never> => {
  await turn()
  throw BOOM
}
const throws = (): never => {
  throw BOOM
}
type Callback = (error: unknown, value?: unknown) => void
const traceCallback = (run: (callback: Callback) => void, context: Record<string, unknown>, callback: Callback): void =>
  void channel.traceCallback(run as never, 0, context, undefined, callback as never)

interface Row {
  readonly why: string
  readonly run: (context: Record<string, unknown>) => unknown
  readonly told: readonly { readonly value?: unknown; readonly error?: unknown; readonly durationMs?: number }[]
}
const ROWS: readonly Row[] = [
  { why: 'a function', run: (context) => channel.traceSync(() => 5, context), told: [{ value: 5, durationMs: 0 }] },
  { why: 'a function that returns nothing', run: (context) => channel.traceSync(() => {}, context), told: [{ value: undefined }] },
  { why: 'a function that throws', run: (context) => channel.traceSync(throws, context), told: [{ error: BOOM }] },
  { why: 'a promise', run: (context) => channel.tracePromise(() => later(5), context), told: [{ value: 5, durationMs: 10 }] },
  { why: 'a promise of nothing', run: (context) => channel.tracePromise(() => later(undefined), context), told: [{ value: undefined }] },
  { why: 'a promise that rejects', run: (context) => channel.tracePromise(fails, context), told: [{ error: BOOM }] },
  { why: 'a throw instead of a promise', run: (context) => channel.tracePromise(throws, context), told: [{ error: BOOM }] },
  {
    why: 'a callback',
    run: (context) => new Promise((resolve) => traceCallback((done) => void later(5).then((value) => done(null, value)), context, resolve)),
    told: [{ value: 5, durationMs: 10 }],
  },
  {
    why: 'a callback with an error',
    run: (context) => new Promise((resolve) => traceCallback((done) => void setImmediate(done, BOOM), context, resolve)),
    told: [{ error: BOOM }],
  },
  {
    why: 'a callback that is called at once',
    run: (context) =>
      traceCallback(
        (done) => done(null, 5),
        context,
        () => {},
      ),
    told: [{ value: 5 }],
  },
  { why: 'a throw instead of a callback', run: (context) => traceCallback(throws, context, () => {}), told: [{ error: BOOM }] },
  {
    why: 'one context after another',
    async run(context) {
      await channel.tracePromise(() => later(1), context)
      await channel.tracePromise(() => later(1, 20), context)
      await channel.tracePromise(fails, context).catch(() => {})
      await channel.tracePromise(() => later(2), context)
    },
    told: [{ value: 1, durationMs: 10 }, { value: 1, durationMs: 20 }, { error: BOOM }, { value: 2, durationMs: 10 }],
  },
  {
    why: 'one context at the same time',
    run: (context) => Promise.all([channel.tracePromise(() => later(1), context), channel.tracePromise(() => later(1), context)]),
    told: [{ value: 1 }, { value: 1 }],
  },
  {
    why: 'one in another',
    run: (context) =>
      channel.tracePromise(async () => (await channel.tracePromise(() => later(1), {})) + channel.traceSync(() => 2, {}), context),
    told: [{ value: 1 }, { value: 2 }, { value: 3 }],
  },
  {
    why: 'many at a time',
    run: () => Promise.all([3, 1, 2].map((n) => channel.tracePromise(() => later(n), { n }))),
    told: [{ value: 3 }, { value: 1 }, { value: 2 }],
  },
]

test.for(ROWS)('$why', async ({ run, told }) => {
  const context = { command: 'GET' }
  await (async () => run(context))().catch((error: unknown) => expect(error).toBe(BOOM))
  await turn()
  expect(calls).toMatchObject(told.map((call) => ({ ...call, failed: 'error' in call })))
  expect(begun).toHaveLength(told.length)
  for (const { args } of calls) expect(args).toHaveLength(1)
})

test('the context is the argument', () => {
  const context = { command: 'GET' }
  channel.traceSync(() => {}, context)
  expect(calls[0]!.args[0]).toBe(context)
  expect(begun[0]).toBe(context)
})

test('nothing is told after it is cancelled, and nobody listens any more', async () => {
  const running = channel.tracePromise(() => later(1), {})
  cancel()
  await running
  expect(calls).toEqual([])
  expect(channel.hasSubscribers).toBe(false)
})

test('a listener that throws is said once, and the publisher does not notice', () => {
  const lines = diagLines()
  const stop = watchChannel(NAME, { clock, onCall: throws })
  expect([channel.traceSync(() => 1, {}), channel.traceSync(() => 2, {})]).toEqual([1, 2])
  stop()
  expect(lines).toEqual([`otel-health: what ${NAME} published could not be recorded:`])
  expect(calls).toHaveLength(2)
})
