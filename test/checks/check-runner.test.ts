import { setImmediate } from 'node:timers/promises'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Check } from '../../src/checks/check.ts'
import type { CheckRunnerOptions } from '../../src/checks/check-runner.ts'
import { CheckRunner, errorCode } from '../../src/checks/check-runner.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

/** A check that is answered by hand. */
class Asked implements Check {
  readonly name: string
  readonly required: boolean
  readonly signals: AbortSignal[] = []
  #answer = Promise.withResolvers<unknown>()

  constructor(name = 'asked', required = true) {
    this.name = name
    this.required = required
  }

  run(signal: AbortSignal): Promise<unknown> {
    this.signals.push(signal)
    this.#answer = Promise.withResolvers()
    return this.#answer.promise
  }

  answer(): Promise<void> {
    this.#answer.resolve(undefined)
    return setImmediate()
  }

  fail(error: unknown): Promise<void> {
    this.#answer.reject(error)
    return setImmediate()
  }
}

function setUp(checks: readonly Check[], options: Partial<CheckRunnerOptions> = {}) {
  const clock = new VirtualClock()
  const changes: string[] = []
  const runner: CheckRunner = new CheckRunner({
    checks,
    clock,
    onChange: () =>
      changes.push(
        Object.values(runner.results())
          .map(({ status }) => status)
          .join(' '),
      ),
    ...options,
  })
  const advance = (ms: number): Promise<void> => {
    clock.advance(ms)
    return setImmediate()
  }
  return { clock, runner, changes, advance }
}

const once = (run: Check['run']): Check => ({ name: 'once', required: true, run })

describe('a check', () => {
  test.for([
    { why: 'that resolves is healthy, whatever it resolves to', run: () => Promise.resolve(false), error: undefined },
    {
      why: 'that rejects is named by its code',
      run: () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
      error: 'ECONNREFUSED',
    },
    {
      why: 'that throws at once has failed',
      run: () => {
        throw new Error('no')
      },
      error: 'error',
    },
    {
      why: 'that throws undefined has failed',
      run: () => {
        throw undefined
      },
      error: 'error',
    },
    { why: 'that rejects with null has failed', run: () => Promise.reject(null), error: 'error' },
    {
      why: 'that answers without a promise, as clients with callbacks do, was never waited for',
      run: () => true as unknown as Promise<unknown>,
      error: 'not_a_promise',
    },
  ])('$why', async ({ run, error }) => {
    const { runner } = setUp([once(run)])
    await runner.runAll()
    expect(runner.results()).toEqual({ once: { status: error ? 'unhealthy' : 'healthy', latencyMs: 0, ...(error && { error }) } })
    expect(runner.failing()).toEqual(error ? ['once'] : [])
  })

  test('takes as long as the clock says', async () => {
    const asked = new Asked()
    const { runner, advance } = setUp([asked])
    const run = runner.runAll()
    await advance(250)
    await asked.answer()
    await run
    expect(runner.results()['asked']).toEqual({ status: 'healthy', latencyMs: 250 })
  })

  test('that does not answer has failed at its time limit, and is told so', async () => {
    const asked = new Asked()
    const { runner, advance } = setUp([asked])
    const run = runner.runAll()
    await advance(4999)
    expect(runner.results()).toEqual({})
    await advance(1)
    await run
    expect(runner.results()['asked']).toEqual({ status: 'unhealthy', latencyMs: 5000, error: 'timeout' })
    expect(asked.signals[0]!.aborted).toBe(true)
  })

  test('that answers its signal still is a timeout', async () => {
    const check = once((signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))))
    const { runner, advance } = setUp([check], { timeoutMs: 100 })
    const run = runner.runAll()
    await advance(100)
    await run
    expect(runner.results()['once']).toMatchObject({ error: 'timeout' })
  })

  test('that answers too late has failed until it is run again', async () => {
    const asked = new Asked()
    const { runner, advance } = setUp([asked])
    const first = runner.runAll()
    await advance(5000)
    await first
    await asked.answer()
    expect(runner.results()['asked']).toMatchObject({ error: 'timeout' })
    const second = runner.runAll()
    await asked.answer()
    await second
    expect(runner.results()['asked']).toMatchObject({ status: 'healthy' })
  })
})

describe('checks', () => {
  test('run side by side: one that hangs holds up nothing but itself', async () => {
    const hangs = new Asked('hangs')
    const answers = new Asked('answers')
    const { runner, advance } = setUp([hangs, answers])
    const run = runner.runAll()
    await answers.answer()
    expect(runner.results()).toEqual({ answers: { status: 'healthy', latencyMs: 0 } })
    await advance(5000)
    await run
    expect(runner.failing()).toEqual(['hangs'])
  })

  test('that hang are tried once more, and then not until one of them settles', async () => {
    const asked = new Asked()
    const { runner, advance } = setUp([asked])
    void runner.start()
    for (let i = 0; i < 240; i++) await advance(15_000)
    expect(asked.signals).toHaveLength(2)
    await asked.answer()
    await advance(16_500)
    expect(asked.signals).toHaveLength(3)
  })

  test('that fail once are run again within a second, and are down when they fail twice in a row', async () => {
    const asked = new Asked()
    const { runner, advance } = setUp([asked])
    const down = () => runner.dependencies().get('asked')
    expect(down()).toBeUndefined()
    const start = runner.start()
    await asked.fail(new Error('no'))
    await start
    expect([runner.failing(), down()]).toEqual([['asked'], 'healthy'])
    await advance(999)
    expect(asked.signals).toHaveLength(1)
    await advance(1)
    await asked.fail(new Error('no'))
    expect([asked.signals.length, down()]).toEqual([2, 'degraded'])
    await advance(5000)
    expect(asked.signals).toHaveLength(2)
    await advance(11_500)
    await asked.answer()
    expect([asked.signals.length, down()]).toEqual([3, 'healthy'])
    runner.stop()
  })

  test.for([
    { why: 'a critical one makes the service unhealthy', check: { required: true, critical: true }, makes: 'unhealthy' },
    { why: 'a required one makes it degraded', check: { required: true }, makes: 'degraded' },
    { why: 'one that is not required makes nothing of it', check: { required: false }, makes: undefined },
  ])('that are down: $why', async ({ check, makes }) => {
    const { runner } = setUp([{ name: 'once', ...check, run: () => Promise.reject(new Error('no')) }])
    await runner.runAll()
    await runner.runAll()
    expect(runner.dependencies().get('once')).toBe(makes)
  })

  test('that are not required fail without making the service degraded', async () => {
    const { runner } = setUp([{ ...once(() => Promise.reject(new Error('no'))), required: false }])
    await runner.runAll()
    expect(runner.failing()).toEqual([])
    expect(runner.results()['once']).toMatchObject({ status: 'unhealthy' })
  })

  test.for([
    { name: 'Redis', says: 'A check is called "Redis", expected 1 to 64 characters of a-z, 0-9 and "_".' },
    { name: '', says: 'A check is called "", expected 1 to 64 characters of a-z, 0-9 and "_".' },
    { name: 'once', says: 'Two checks are called "once": give each a name of its own.' },
  ])('must be told apart: $says', ({ name, says }) => {
    const check = once(() => Promise.resolve())
    expect(() => setUp([check, { ...check, name }])).toThrow(new Error(says))
  })
})

describe('a change of status', () => {
  test('is told when it happens, and nothing else is', async () => {
    const asked = new Asked()
    const { runner, changes } = setUp([asked])
    const steps: [fail: boolean, told: string[]][] = [
      [false, ['healthy']],
      [false, []],
      [true, ['unhealthy']],
      // Told again: now it is one that is down.
      [true, ['unhealthy']],
      [true, []],
      [false, ['healthy']],
    ]
    for (const [fail, told] of steps) {
      changes.length = 0
      const run = runner.runAll()
      await (fail ? asked.fail(new Error('no')) : asked.answer())
      await run
      expect(changes).toEqual(told)
    }
  })
})

describe('a runner', () => {
  test('runs checks at once, then every 15 s on average, never in step with another', async () => {
    let runs = 0
    const starts: number[] = []
    let random = 0
    const { clock, runner, advance } = setUp(
      [
        once(() => {
          runs++
          starts.push(clock.monotonicMs())
          return Promise.resolve()
        }),
      ],
      { random: () => random },
    )
    await runner.start()
    random = 0.999_999
    await advance(13_500)
    expect(runs).toBe(2)
    await advance(16_499)
    expect(runs).toBe(2)
    await advance(1)
    expect(runs).toBe(3)
  })

  test('waits 13.5 s to 16.5 s, whatever the jitter', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        const { clock, runner } = setUp([], { random: () => random })
        void runner.start()
        expect(clock.nextDue()).toBeGreaterThanOrEqual(13_500)
        expect(clock.nextDue()).toBeLessThanOrEqual(16_500)
      }),
    )
  })

  test('may be asked before it is started, as often as one likes', async () => {
    const asked = new Asked()
    const { runner } = setUp([asked])
    for (const fail of [false, true]) {
      const run = runner.runAll()
      await (fail ? asked.fail(new Error('no')) : asked.answer())
      await run
    }
    expect(runner.failing()).toEqual(['asked'])
  })

  test('resolves its start when all checks have been run or timed out', async () => {
    const asked = new Asked()
    const { runner, advance } = setUp([asked])
    let started = false
    const start = runner.start().then(() => (started = true))
    await advance(4999)
    expect(started).toBe(false)
    await advance(1)
    await start
  })

  test('that is stopped aborts what is under way, takes no result of it and runs nothing more', async () => {
    const asked = new Asked()
    const { clock, runner, changes, advance } = setUp([asked])
    const start = runner.start()
    await advance(0)
    runner.stop()
    await start
    expect(asked.signals[0]!.aborted).toBe(true)
    await asked.answer()
    expect(runner.results()).toEqual({})
    expect(changes).toEqual([])
    expect(clock.nextDue()).toBe(Infinity)
  })
})

describe('an error is told by a code, never by its message', () => {
  const secret = 'password 12345678 of db.internal'
  test.for([
    { why: 'a code of Node', error: Object.assign(new Error(secret), { code: 'ECONNREFUSED' }), code: 'ECONNREFUSED' },
    { why: 'a SQLSTATE', error: Object.assign(new Error(secret), { code: '28P01' }), code: '28P01' },
    {
      why: 'the cause of what fetch rejects with',
      error: new TypeError('fetch failed', { cause: Object.assign(new AggregateError([], secret), { code: 'ETIMEDOUT' }) }),
      code: 'ETIMEDOUT',
    },
    { why: 'a time limit of AbortSignal', error: new DOMException(secret, 'TimeoutError'), code: 'timeout' },
    { why: 'a message in the place of a code', error: Object.assign(new Error(secret), { code: secret }), code: 'error' },
    { why: 'a number in its place', error: Object.assign(new Error(secret), { code: 12_345_678 }), code: 'error' },
    { why: 'no code', error: new Error(secret), code: 'error' },
    { why: 'a text', error: secret, code: 'error' },
    { why: 'nothing', error: undefined, code: 'error' },
  ])('$why: $code', ({ error, code }) => {
    expect(errorCode(error)).toBe(code)
  })
})
