import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { simulatedFetcher, type SimulatedFetcher } from './simulated-fetcher.ts'

const MINUTE = 60_000

let valkey: EmbeddedValkey
let run: SimulatedFetcher
beforeAll(async () => {
  valkey = await startValkey()
})
afterAll(() => valkey.stop())
afterEach(() => run.close())

const start = async (options: Partial<Parameters<typeof simulatedFetcher>[0]> = {}) => {
  run = await simulatedFetcher({ redisPort: valkey.port, seed: 1, ...options })
  await run.fetcher.start()
  return run
}

/** What the service saw is what the simulators answered, and every leased tracker is accounted for. */
function expectAgreement({ observed, simulators, fetcher }: SimulatedFetcher): void {
  const { attempts, reports, retries, api_calls } = simulators.summary()
  expect(observed.attempts).toEqual(attempts)
  expect(observed.reports).toEqual(reports)
  expect(observed.retries).toEqual(retries)
  expect(observed.api_calls.apple).toEqual(api_calls.apple)
  // A refused connection is no request: only the client knows of it.
  const { ECONNREFUSED: _, ...accepted } = observed.api_calls.anisette
  expect(accepted).toEqual(api_calls.anisette)
  const { leased, attempted, skipped, released } = fetcher.counts()
  expect(leased).toBe(attempted + skipped + released)
  expect(attempted).toBe(observed.batches.reduce((sum, batch) => sum + batch.attempts.length, 0))
  expect(skipped).toBe(observed.batches.reduce((sum, batch) => sum + (batch.skipped?.count ?? 0), 0))
}

describe('the fetcher and the ledger', () => {
  test.for([{ seed: 1 }, { seed: 2 }, { seed: 3 }])('agree over a run with many faults, seed $seed', async ({ seed }) => {
    const { clock, simulators, observed, drain } = await start({ seed })
    await simulators.setFault('empty_body', { every_n: 3 })
    await simulators.setFault('http.500', { every_n: 7 })
    await simulators.setFault('auth.revoke', { every_n: 11 })
    await simulators.setFault('reset', { every_n: 13 })
    await simulators.setFault('malformed', { every_n: 17 })
    await simulators.setFault('slow', { every_n: 19, delay_ms: 40_000 })
    await simulators.setFault('429', { every_n: 23, retry_after_s: 20 })
    await simulators.setFault('anisette.html', { every_n: 5 })
    await clock.run(8 * MINUTE)
    await simulators.setFault('auth.2fa')
    await clock.run(3 * MINUTE)
    simulators.submitCode()
    await clock.run(2 * MINUTE)
    await drain()
    expectAgreement(run)
    expect(Object.keys(observed.attempts.failed)).toEqual(expect.arrayContaining(['500', 'ECONNRESET', 'malformed_body', 'timeout', '429']))
    expect(observed.retries).toMatchObject({ empty_body: expect.any(Number), 401: expect.any(Number) })
    expect(observed.batches.some(({ skipped }) => skipped?.reason === 'auth')).toBe(true)
    expect(observed.batches.some(({ skipped }) => skipped?.reason === 'anisette')).toBe(true)
  })

  test('agree without faults: every tracker is polled, reports are new once', async () => {
    const { clock, observed, drain, simulators } = await start()
    await clock.run(10 * MINUTE)
    await drain()
    expectAgreement(run)
    expect(observed.attempts.failed).toEqual({})
    expect(observed.reports.new).toBeGreaterThan(0)
    expect(observed.reports.duplicate).toBeGreaterThan(observed.reports.new)
    const asked = new Set(simulators.ledger.entries().flatMap(({ ids }) => ids))
    expect(asked.size).toBe(30)
    const geofence = observed.batches.flatMap((batch) => Object.entries(batch.geofence)).filter(([, events]) => events > 0)
    expect(new Set(geofence.map(([transition]) => transition))).toEqual(new Set(['enter', 'exit', 'dwell']))
    expect(observed.batches.every(({ decryptFailures }) => decryptFailures === 0)).toBe(true)
  })

  test('agree when everything is answered with nothing: five repetitions, then failed', async () => {
    const { clock, observed, simulators, drain } = await start()
    await simulators.setFault('empty_body')
    await clock.run(10 * MINUTE)
    await simulators.clearFault('empty_body')
    await drain()
    expectAgreement(run)
    const failed = observed.batches.filter(({ errorType }) => errorType === 'empty_body')
    expect(failed.length).toBeGreaterThan(0)
    expect(Math.max(...failed.map(({ retries }) => retries.length))).toBe(5)
  })
})

describe('handing over', () => {
  test('every new report goes to REPORTS_QUEUE once, with the time of its fetch', async () => {
    const { clock, redis, simulators, drain } = await start({ env: { REPORTS_QUEUE: 'location:reports' } })
    await simulators.setFault('empty_body', { every_n: 3 })
    await clock.run(5 * MINUTE)
    await drain()
    const reports = (await redis.lrange('location:reports', 0, -1)).map((json) => JSON.parse(json) as Record<string, number>)
    expect(reports).toHaveLength(run.observed.reports.new)
    expect(new Set(reports.map(({ trackerId, at, latitude }) => `${trackerId} ${at} ${latitude}`)).size).toBe(reports.length)
    expect(Object.keys(reports[0]!)).toEqual(['trackerId', 'latitude', 'longitude', 'at', 'fetchedAt'])
    expect(reports.every(({ at, fetchedAt }) => at! < fetchedAt! && fetchedAt! <= clock.now())).toBe(true)
  })

  test('nothing is handed over unless it is set', async () => {
    const { clock, redis, observed, drain } = await start()
    await clock.run(2 * MINUTE)
    await drain()
    expect(observed.reports.new).toBeGreaterThan(0)
    expect((await redis.keys('*')).filter((key) => !key.startsWith('tracker:'))).toEqual([])
  })
})

describe('outages', () => {
  test('while anisette is down nothing is asked of Apple: trackers are skipped and stay due', async () => {
    const { clock, observed, simulators, redis, drain } = await start()
    await clock.run(5 * MINUTE)
    await simulators.setFault('anisette.down')
    // The cached headers are still good for up to 30 s.
    await clock.run(MINUTE)
    const before = simulators.summary().by_endpoint['apple.fetch']
    await clock.run(5 * MINUTE)
    expect(simulators.summary().by_endpoint['apple.fetch']).toBe(before)
    expect(observed.attempts.failed).toEqual({})
    expect(observed.batches.at(-1)?.skipped).toMatchObject({ reason: 'anisette' })
    const due = await Promise.all(['hot', 'warm', 'cold'].map((tier) => redis.zcount(`tracker:queue:${tier}`, '-inf', clock.now())))
    expect(due.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(20)
    await simulators.clearFault('anisette.down')
    await clock.run(5 * MINUTE)
    expect(observed.batches.at(-1)).toMatchObject({ skipped: null })
    await drain()
    expectAgreement(run)
  })

  test('after an outage the accounts ask in turn, not all together', async () => {
    const { clock, simulators } = await start()
    await clock.run(2 * MINUTE)
    await simulators.setFault('anisette.down')
    await clock.run(5 * MINUTE)
    await simulators.clearFault('anisette.down')
    const endedAt = clock.now()
    await clock.run(3 * MINUTE)
    const times = simulators.ledger.entries().flatMap(({ endpoint, at }) => (endpoint === 'apple.fetch' && at > endedAt ? [at] : []))
    expect(times.length).toBeGreaterThan(20)
    // Three accounts with a request every 10 s each; what is left is the jitter of anisette's latency.
    expect(Math.min(...times.slice(1).map((at, index) => at - times[index]!))).toBeGreaterThan(3_000)
  })

  test('a lost account is one re-login away; one that wants a person is skipped until the code was given', async () => {
    const { clock, observed, simulators, drain } = await start({ accounts: 1 })
    await clock.run(2 * MINUTE)
    await simulators.setFault('auth.revoke')
    await clock.run(2 * MINUTE)
    expect(new Set(observed.bestStates)).toEqual(new Set(['logged_in']))
    await simulators.setFault('auth.2fa')
    await clock.run(3 * MINUTE)
    expect(observed.bestStates.at(-1)).toBe('require_2fa')
    expect(observed.batches.at(-1)?.skipped).toMatchObject({ reason: 'auth' })
    simulators.submitCode()
    await clock.run(2 * MINUTE)
    expect(observed.bestStates.at(-1)).toBe('logged_in')
    expect(observed.batches.at(-1)).toMatchObject({ skipped: null })
    await drain()
    expectAgreement(run)
  })

  test('one account that wants a person stops nobody: its trackers go back and the others fetch them', async () => {
    const { clock, observed, simulators, fetcher, drain } = await start({ accounts: 2 })
    await clock.run(2 * MINUTE)
    await simulators.setFault('auth.2fa', { account: 'account-1' })
    await clock.run(5 * MINUTE)
    expect(observed.batches.filter(({ skipped }) => skipped)).toEqual([])
    expect(observed.bestStates.at(-1)).toBe('logged_in')
    expect(fetcher.counts().released).toBeGreaterThan(0)
    expect(observed.attempts.failed[401]).toBeLessThanOrEqual(6)
    await drain()
    expectAgreement(run)
  })

  test('a code left in Redis is handed over, once', async () => {
    const { clock, observed, simulators, redis, drain } = await start({ accounts: 1 })
    await simulators.setFault('auth.2fa')
    await clock.run(2 * MINUTE)
    expect(observed.bestStates.at(-1)).toBe('require_2fa')
    const [{ code }] = (await (await fetch(`${simulators.control}/accounts`)).json()) as [{ code: string }]
    await redis.set('tracker:2fa:account-1', code)
    await clock.run(2 * MINUTE)
    expect(observed.bestStates.at(-1)).toBe('logged_in')
    expect(await redis.exists('tracker:2fa:account-1')).toBe(0)
    await drain()
    expectAgreement(run)
  })

  test('429 is honoured: the account is left alone for as long as was asked', async () => {
    const { clock, simulators, drain } = await start({ accounts: 1 })
    await clock.run(MINUTE)
    await simulators.setFault('429', { retry_after_s: 120 })
    const before = simulators.summary().requests
    await clock.run(10 * MINUTE)
    const refused = simulators.ledger.entries().filter(({ seen_as }) => seen_as === '429')
    expect(refused.length).toBeGreaterThan(2)
    for (const [index, { at }] of refused.entries()) expect(at - (refused[index - 1]?.at ?? -Infinity)).toBeGreaterThanOrEqual(120_000)
    expect(simulators.summary().requests - before).toBeLessThan(20)
    await drain()
    expectAgreement(run)
  })
})

describe('leases', () => {
  test('what a crashed instance had leased is fetched by the next one', async () => {
    const { clock, redis, observed, drain } = await start()
    await clock.run(3 * MINUTE)
    // A process that died with its leases open.
    await redis.zadd('tracker:queue:leased', clock.now() + MINUTE, 'tracker-lost')
    await redis.hset('tracker:queue:leases', 'tracker-lost', `dead|cold|${clock.now()}`)
    const before = observed.attempts.empty
    await clock.run(MINUTE / 2)
    expect(observed.attempts.empty).toBe(before)
    await clock.run(2 * MINUTE)
    expect(observed.attempts.empty).toBe(before + 1)
    expect(await redis.hexists('tracker:queue:leases', 'tracker-lost')).toBe(0)
    await drain()
    expectAgreement(run)
  })

  test('after a drain nothing is leased and every tracker is scheduled', async () => {
    const { clock, fetcher, redis, simulators } = await start()
    await simulators.setFault('empty_body', { every_n: 2 })
    await clock.run(3 * MINUTE)
    await run.drain()
    const counts = fetcher.counts()
    await clock.run(10 * MINUTE)
    expect(fetcher.counts()).toEqual(counts)
    expect(await redis.zcard('tracker:queue:leased')).toBe(0)
    expect(await redis.hlen('tracker:queue:leases')).toBe(0)
    const sizes = await Promise.all(['hot', 'warm', 'cold', 'retry'].map((tier) => redis.zcard(`tracker:queue:${tier}`)))
    expect(sizes.reduce((sum, n) => sum + n, 0)).toBe(30)
    expectAgreement(run)
  })

  test('a drain that meets a batch about to start gives it back', async () => {
    const { clock, fetcher, redis } = await start()
    await run.drain()
    const before = fetcher.counts().released
    await redis.zadd('tracker:queue:leased', clock.now() + MINUTE, 'a')
    await redis.hset('tracker:queue:leases', 'a', 'late|hot|7')
    const result = await fetcher.processBatch({ token: 'late', tier: 'hot', trackerIds: ['a'], account: undefined })
    expect(result).toMatchObject({ attempts: [], skipped: null })
    expect(fetcher.counts().released).toBe(before + 1)
    expect(await redis.zscore('tracker:queue:hot', 'a')).toBe('7')
  })

  test('somebody who presses refresh is served next, and the schedule goes on', async () => {
    const { clock, observed, redis, drain } = await start({ env: { POLL_MIN_MS: '3600000', POLL_MAX_MS: '3600000' } })
    await clock.run(MINUTE)
    await redis.lpush('tracker:queue:immediate', 'tracker-00003', 'archived')
    await clock.run(MINUTE)
    expect(observed.batches.filter(({ tier }) => tier === 'immediate').map(({ attempts }) => attempts.length)).toEqual([2])
    const [hot, archived] = await Promise.all(['tracker-00003', 'archived'].map((id) => redis.zscore('tracker:queue:hot', id)))
    expect(Number(hot)).toBeGreaterThan(clock.now())
    expect(archived).toBeNull()
    await drain()
    expectAgreement(run)
  })
})
