import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { afterEach, describe, expect, test } from 'vitest'

import type { Reading } from '../../src/config/targets.ts'
import { defineKind } from '../../src/kinds/define-kind.ts'
import { trackerFetcher } from '../../src/kinds/tracker-fetcher/kind.ts'
import type { Kind } from '../../src/kinds/kind.ts'
import { counter } from '../../src/rules/metric-ref.ts'
import { into } from '../../src/rules/tally.ts'
import { callListener } from '../../src/zero-code/call-listener.ts'
import type { WatchedCall } from '../../src/zero-code/call-reading.ts'
import { receiveFromThreads } from '../../src/zero-code/thread-relay.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const lookups = counter('cache.lookups', { unit: '{lookup}', attributes: { 'cache.result': [] } })
const LOOKUP = into(lookups).by('cache.result', 'result')
const cache = defineKind({
  name: 'cache',
  metrics: [lookups],
  records: { lookup: [LOOKUP], job: { is: 'attempt', tallies: [LOOKUP] }, sweep: { is: { batchOf: 'swept' } } },
})

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()))
})

/** A monitor of this kind, and its recorder. */
async function started(kind: Kind) {
  const clock = new VirtualClock()
  const made = kind.monitor({ clock, exporter: new MemoryExporter(clock), env: { OTEL_METRICS_EXPORTER: 'none' } })
  ends.push(() => made.monitor.stop(0))
  await made.monitor.start()
  const totals = async () => {
    const { attempts, 'cache.lookups': counted, events } = (await made.monitor.collectHealthData()).totals
    return { attempts, lookups: counted, events }
  }
  return { ...made, totals }
}

const returned = (value?: unknown, args: unknown[] = []): WatchedCall => ({ durationMs: 5, args, value, failed: false })
const threw = (error: unknown, args: unknown[] = []): WatchedCall => ({ durationMs: 5, args, error, failed: true })
const NONE = { ok: 0, failed: {} }

describe('a call that is a record', () => {
  test.for<{ why: string; target: Reading; call: WatchedCall; isAttempt?: boolean; lookups: object; attempts?: object; events?: number }>([
    { why: 'is what it returns', target: { records: 'lookup' }, call: returned({ result: 'hit' }), lookups: { hit: 1 } },
    {
      why: 'is what the extractor makes of it and of its arguments',
      target: { records: 'lookup', result: (value, [key]) => ({ result: `${String(key)}-${String(value)}` }) },
      call: returned('hit', ['paris']),
      lookups: { 'paris-hit': 1 },
    },
    {
      why: 'is what a path leads to',
      target: { records: 'lookup', result: 'seen.in' },
      call: returned({ seen: { in: { result: 'hit' } } }),
      lookups: { hit: 1 },
    },
    {
      why: 'is one without an extractor, whatever it returns',
      target: { records: 'lookup' },
      call: returned(undefined),
      lookups: { '': 1 },
    },
    {
      why: 'is none where the extractor gives undefined',
      target: { records: 'lookup', result: () => undefined },
      call: returned({ result: 'hit' }),
      lookups: {},
    },
    {
      why: 'is none where the extractor gives null',
      target: { records: 'lookup', result: () => null },
      call: returned({ result: 'hit' }),
      lookups: {},
    },
    {
      why: 'is none where the path leads nowhere',
      target: { records: 'lookup', result: 'seen' },
      call: returned({ result: 'hit' }),
      lookups: {},
    },
    { why: 'is none if it failed and is no attempt', target: { records: 'lookup' }, call: threw({ code: 'E' }), lookups: {} },
    {
      why: 'is a failed attempt if it failed and is one, and adds what a record without fields adds',
      target: { records: 'job' },
      call: threw({ code: 'ECONNRESET' }),
      isAttempt: true,
      lookups: { '': 1 },
      attempts: { ok: 0, failed: { ECONNRESET: 1 } },
    },
    {
      why: 'that is an attempt is work with its time, events and whatever it returns',
      target: { records: 'job', events: 'made' },
      call: returned({ result: 'hit', made: [1, 2] }),
      isAttempt: true,
      lookups: { hit: 1 },
      attempts: { ok: 1, failed: {} },
      events: 2,
    },
    {
      why: 'that is an attempt, and has not succeeded by its result',
      target: { records: 'job', success: 'ok', errorType: 'why' },
      call: returned({ ok: false, why: 'full', result: 'miss' }),
      isAttempt: true,
      lookups: { miss: 1 },
      attempts: { ok: 0, failed: { full: 1 } },
    },
    {
      why: 'that is an attempt is none where the extractor gives nothing: it goes on, and ends later',
      target: { records: 'job', result: () => undefined },
      call: returned({}),
      isAttempt: true,
      lookups: {},
    },
    {
      why: 'is as many attempts as a list is long',
      target: { records: 'sweep' },
      call: returned({ swept: [1, 2, 3] }),
      isAttempt: true,
      lookups: {},
      attempts: { ok: 3, failed: {} },
    },
    {
      why: 'is as many attempts as a field says',
      target: { records: 'sweep' },
      call: returned({ swept: 4 }),
      isAttempt: true,
      lookups: {},
      attempts: { ok: 4, failed: {} },
    },
    {
      why: 'that failed is of what its arguments say, and failed whatever the extractor claims',
      target: { records: 'job', result: (_, [key]) => ({ result: key, success: true }) },
      call: threw({ code: 'ECONNRESET' }, ['paris']),
      isAttempt: true,
      lookups: { paris: 1 },
      attempts: { ok: 0, failed: { ECONNRESET: 1 } },
    },
    {
      why: 'that failed is none if the extractor says null',
      target: { records: 'job', result: (value) => value ?? null },
      call: threw({ code: 'ECONNRESET' }),
      isAttempt: true,
      lookups: {},
    },
    {
      why: 'that failed is one all the same if the extractor cannot do without a result',
      target: { records: 'job', result: (value) => ({ result: (value as { result: string }).result }) },
      call: threw({ code: 'ECONNRESET' }),
      isAttempt: true,
      lookups: { '': 1 },
      attempts: { ok: 0, failed: { ECONNRESET: 1 } },
    },
    {
      why: 'that is an attempt is one of which nobody can tell how it ended, where success is not in its result',
      target: { records: 'job', success: 'okay.deep' },
      call: returned({ result: 'hit' }),
      isAttempt: true,
      lookups: { hit: 1 },
      attempts: { ok: 0, failed: {}, unknown: 1 },
    },
    {
      why: 'of many is as many of which nobody can tell',
      target: { records: 'sweep', success: 'okay' },
      call: returned({ swept: 3 }),
      isAttempt: true,
      lookups: {},
      attempts: { ok: 0, failed: {}, unknown: 3 },
    },
    {
      why: 'of a batch that is not where it is looked for is one of which nobody can tell how it ended',
      target: { records: 'batch', result: 'outcome.batch' },
      call: returned({ batch: { attempts: [] } }),
      lookups: {},
      attempts: { ok: 0, failed: {}, unknown: 1 },
    },
    {
      why: 'of a batch whose extractor throws is one, too',
      target: {
        records: 'batch',
        result() {
          throw new Error('no such field')
        },
      },
      call: returned({}),
      lookups: {},
      attempts: { ok: 0, failed: {}, unknown: 1 },
    },
    {
      why: 'of a batch is what the batch holds',
      target: { records: 'batch', result: 'batch', success: 'okay' },
      call: returned({ batch: { attempts: [{ success: true }, { success: false, errorType: 'E' }] } }),
      lookups: {},
      attempts: { ok: 1, failed: { E: 1 } },
    },
    {
      why: 'that is an attempt by itself, too',
      target: { records: 'attempt', success: () => undefined as never },
      call: returned({}),
      lookups: {},
      attempts: { ok: 0, failed: {}, unknown: 1 },
    },
    {
      why: 'that failed is what is said of such an error, by its status',
      target: { records: 'lookup', onError: { 401: { result: 'refused' } } },
      call: threw({ status: 401 }),
      lookups: { refused: 1 },
    },
    {
      why: 'that failed is what a function says of its error and arguments',
      target: { records: 'lookup', onError: (error, [key]) => ({ result: `${(error as Error).message}-${String(key)}` }) },
      call: threw(new Error('no'), ['paris']),
      lookups: { 'no-paris': 1 },
    },
    {
      why: 'that failed is none where nothing is said of such an error',
      target: { records: 'lookup', onError: { 401: { result: 'refused' } } },
      call: threw({ code: 'ECONNRESET', status: 500 }),
      lookups: {},
    },
    {
      why: 'that failed is none where a function says nothing of it',
      target: { records: 'lookup', onError: () => null },
      call: threw({ status: 401 }),
      lookups: {},
    },
    { why: 'of nothing is no attempt', target: { records: 'sweep' }, call: returned({ swept: 0 }), isAttempt: true, lookups: {} },
    {
      why: 'of many that failed is one failed attempt',
      target: { records: 'sweep' },
      call: threw({ status: 503 }),
      isAttempt: true,
      lookups: {},
      attempts: { ok: 0, failed: { 503: 1 } },
    },
  ])('$why', async ({ target, call, isAttempt = false, lookups: counted, attempts = NONE, events = 0 }) => {
    const { recorder, totals } = await started(cache)
    callListener(recorder, target, { name: 'work', upstream: 'any', isAttempt, unread() {} }).onCall(call)
    expect(await totals()).toEqual({ attempts, lookups: counted, events })
  })
})

test.for<{ why: string; target: Reading; says: string }>([
  {
    why: 'an extractor that throws',
    target: {
      records: 'lookup',
      result() {
        throw new Error('no such field')
      },
    },
    says: 'what work returned (no such field) was dropped',
  },
  {
    why: 'an extractor that gives a number',
    target: { records: 'lookup', result: () => 5 },
    says: 'what work returned (an object was expected of an extractor, which gave number) was dropped',
  },
  {
    why: 'an extractor that gives a list',
    target: { records: 'lookup', result: () => [{ result: 'hit' }] },
    says: 'what work returned (an object was expected of an extractor, which gave a list) was dropped',
  },
  { why: 'a record of a name that is not there', target: { records: 'lokup' }, says: 'a record called lokup, which neither' },
  {
    why: 'a result that cannot be looked at',
    target: {
      records: 'lookup',
      result: () =>
        Object.defineProperty({}, 'result', {
          enumerable: true,
          get() {
            throw new Error('gone')
          },
        }),
    },
    says: 'what work returned (gone) was dropped',
  },
])('what cannot be recorded is dropped, and the service does not notice: $why', async ({ target, says }) => {
  const lines = diagLines()
  const { recorder, totals } = await started(cache)
  callListener(recorder, target, { name: 'work', upstream: 'any', isAttempt: false, unread() {} }).onCall(returned({ result: 'hit' }))
  expect(await totals()).toEqual({ attempts: NONE, lookups: {}, events: 0 })
  expect(lines.join('\n')).toContain(says)
})

describe('the account of a tracker fetcher', () => {
  const { state } = trackerFetcher.config.records!['account']!
  test.for<{ why: string; target?: Partial<Reading>; calls: readonly WatchedCall[]; is: boolean | null }>([
    { why: 'is what the call gives', calls: [returned('logged_in')], is: true },
    { why: 'is what an extractor makes of it', target: { result: 'state' }, calls: [returned({ state: 'blocked' })], is: false },
    { why: 'is not known where the path leads nowhere', target: { result: 'state' }, calls: [returned({ stat: 'blocked' })], is: null },
    { why: 'is lost with a 401', calls: [returned('logged_in'), threw({ status: 401 })], is: false },
    { why: 'is lost with a 403', calls: [returned('logged_in'), threw({ response: { status: 403 } })], is: false },
    { why: 'is not lost with a 500', calls: [returned('logged_in'), threw({ status: 500 })], is: true },
    { why: 'is not lost with the connection', calls: [returned('logged_in'), threw({ code: 'ECONNRESET' })], is: true },
    { why: 'is not lost with an error that says nothing', calls: [returned('logged_in'), threw(undefined)], is: true },
    { why: 'is found again', calls: [threw({ status: 401 }), returned('logged_in')], is: true },
    {
      why: 'is what health.config says of an error',
      target: { onError: { ELOGIN: 'blocked', 401: null } },
      calls: [returned('logged_in'), threw({ code: 'ELOGIN' })],
      is: false,
    },
    {
      why: 'is not what is known of an error otherwise if health.config says null',
      target: { onError: { 401: null } },
      calls: [returned('logged_in'), threw({ status: 401 })],
      is: true,
    },
    {
      why: 'is what is known of an error where a function of health.config says nothing',
      target: { onError: () => undefined },
      calls: [returned('logged_in'), threw({ status: 401 })],
      is: false,
    },
  ])('$why', async ({ target, calls, is }) => {
    const { recorder, monitor } = await started(trackerFetcher)
    const { onCall } = callListener(
      recorder,
      { records: 'account', ...target },
      { name: 'login', upstream: 'apple', isAttempt: false, state, unread() {} },
    )
    for (const call of calls) onCall(call)
    expect((await monitor.collectHealthData()).metrics).toMatchObject({ apple_account_authenticated: is })
  })
})

test.for([
  {
    records: 'lookup',
    calls: [{ value: { result: 'hit' } }, { value: { result: 'miss' } }, { value: null }],
    is: { attempts: NONE, lookups: { hit: 1, miss: 1 } },
  },
  {
    records: 'job',
    calls: [{ value: { result: 'hit' } }, { error: 'ECONNRESET' }],
    is: { attempts: { ok: 1, failed: { ECONNRESET: 1 } }, lookups: { hit: 1, '': 1 } },
  },
  { records: 'sweep', calls: [{ value: { swept: [1, 2] } }], is: { attempts: { ok: 2, failed: {} }, lookups: {} } },
])('a worker thread tells the main thread of its $records', async ({ records, calls, is }) => {
  const { recorder, totals } = await started(cache)
  const heard = Promise.withResolvers<void>()
  let left = calls.filter(({ value }) => value !== null).length
  const counting = {
    ...recorder,
    record(...told: Parameters<typeof recorder.record>) {
      recorder.record(...told)
      if (--left === 0) heard.resolve()
    },
  }
  const close = receiveFromThreads(counting, { loaded() {}, queue() {}, unread() {}, works() {}, packages() {}, inHand() {} }, undefined)
  ends.push(async () => close())
  const thread = new Worker(new URL('./fixtures/records-thread.ts', import.meta.url), { workerData: { records, calls } })
  await once(thread, 'exit')
  await heard.promise
  expect(await totals()).toEqual({ ...is, events: 0 })
})
