import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FaultName, FaultSettings } from '../../examples/simulators/faults.ts'
import { DiscreteClock } from '../../examples/simulators/discrete-clock.ts'
import { discreteFetch } from '../../examples/simulators/discrete-io.ts'
import { startSimulators, type Simulators } from '../../examples/simulators/start.ts'
import type { Account } from '../../examples/tracker-fetcher/account-pool.ts'
import { AnisetteClient } from '../../examples/tracker-fetcher/anisette-client.ts'
import { AppleClient } from '../../examples/tracker-fetcher/apple-client.ts'
import { systemClock, type Clock } from '../../examples/service/clock.ts'
import { Fleet } from '../../examples/tracker-fetcher/fleet.ts'

let clock: DiscreteClock
let simulators: Simulators
let apple: AppleClient
let anisette: AnisetteClient
let account: Account

const clients = (time: Clock, http: typeof fetch, timeouts: { apple: number; anisette: number }) => {
  const transport = { fetch: http, clock: time, giveUp: new AbortController().signal }
  return {
    apple: new AppleClient(transport, simulators.apple, timeouts.apple),
    anisette: new AnisetteClient(transport, simulators.anisette, timeouts.anisette),
  }
}

beforeEach(async () => {
  clock = new DiscreteClock()
  simulators = await startSimulators({
    seed: 1,
    trackers: 4,
    accounts: 2,
    latency: 'stated',
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  })
  ;({ apple, anisette } = clients(clock, discreteFetch(clock), { apple: 30_000, anisette: 5_000 }))
  account = { ...simulators.accounts[0]!, session: undefined }
})
afterEach(() => simulators.stop())

/** Lets virtual time pass until the call has settled; gives its value, or the code it rejected with. */
async function outcome<T>(call: Promise<T>): Promise<{ value?: T; code?: string }> {
  const settled = call.then(
    (value) => ({ value }),
    (error: { code: string }) => ({ code: error.code }),
  )
  await clock.run(600_000, settled)
  return await settled
}

const headers = async () => (await outcome(anisette.requestHeaders())).value ?? {}

async function fetchReports() {
  const key = new Fleet(simulators.fleetSecret, { hot: 1, warm: 0, cold: 0 }).key('tracker-00000')
  return await outcome(
    apple.fetchReports(account, [{ trackerId: 'tracker-00000', keyIds: [key.keyId, 'unknown'] }], await headers(), 'request'),
  )
}

async function logIn() {
  const answer = await outcome(apple.login(account, await headers()))
  if (answer.value?.state === 'logged_in') account.session = answer.value.session
  return answer
}

const lastSeenAs = () => simulators.ledger.entries().at(-1)?.seen_as

describe('without faults', () => {
  test('login, then a fetch that leaves out ids nobody has seen', async () => {
    expect(await fetchReports()).toEqual({ code: '401' })
    expect(await logIn()).toMatchObject({ value: { state: 'logged_in' } })
    const { value } = await fetchReports()
    expect([...(value ?? [])]).toHaveLength(1)
    expect([...(value ?? [])][0]![1].length).toBeGreaterThan(0)
    expect(lastSeenAs()).toBe('ok')
  })

  test('anisette headers older than 90 s are refused: 401 on a fetch, anisette_invalid on a login', async () => {
    const old = await headers()
    await logIn()
    await clock.run(91_000)
    expect(await outcome(apple.fetchReports(account, [], old, 'request'))).toEqual({ code: '401' })
    expect(await outcome(apple.login(account, old))).toEqual({ code: 'anisette_invalid' })
    expect(lastSeenAs()).toBe('anisette_invalid')
  })

  test('wrong credentials are 401 although HTTP says 200', async () => {
    account = { ...account, password: 'wrong' }
    expect(await logIn()).toEqual({ code: '401' })
    expect(lastSeenAs()).toBe('401')
  })
})

describe('faults of fetch', () => {
  test.for<{ why: string; fault: FaultName; settings?: FaultSettings; code: string }>([
    { why: 'HTTP 500', fault: 'http.500', code: '500' },
    { why: '200 with an empty body', fault: 'empty_body', code: 'empty_body' },
    { why: 'HTTP 429 as a page', fault: '429', code: '429' },
    { why: 'the connection is reset', fault: 'reset', code: 'ECONNRESET' },
    { why: '200 with JSON cut in half', fault: 'malformed', code: 'malformed_body' },
    { why: 'an answer after the client’s patience', fault: 'slow', settings: { delay_ms: 40_000 }, code: 'timeout' },
    { why: 'the session is revoked', fault: 'auth.revoke', code: '401' },
    { why: 'the session is revoked and a second factor wanted', fault: 'auth.2fa', code: '401' },
  ])('$fault: $why, code $code, and the ledger knows it', async ({ fault, settings, code }) => {
    await logIn()
    await simulators.setFault(fault, settings)
    expect(await fetchReports()).toEqual({ code })
    expect(simulators.ledger.entries().at(-1)).toMatchObject({ endpoint: 'apple.fetch', account: 'account-1', fault, seen_as: code })
    await simulators.clearFault(fault)
    await logIn()
    expect(await fetchReports()).toHaveProperty('value')
  })

  test('slow: 12 s later than usual, but an answer', async () => {
    await logIn()
    await simulators.setFault('slow')
    await headers()
    const before = clock.now()
    expect(await fetchReports()).toHaveProperty('value')
    expect(clock.now() - before).toBeGreaterThan(12_000)
  })

  test('429 says how long to wait', async () => {
    await logIn()
    await simulators.setFault('429', { retry_after_s: 7 })
    const call = apple.fetchReports(account, [], await headers(), 'request')
    await outcome(call)
    await expect(call).rejects.toMatchObject({ retryAfterMs: 7_000 })
  })

  test('auth.revoke works once: logging in again is enough', async () => {
    await logIn()
    await simulators.setFault('auth.revoke')
    expect(await fetchReports()).toEqual({ code: '401' })
    await logIn()
    expect(await fetchReports()).toHaveProperty('value')
  })

  test('auth.2fa: logging in wants a person, until the code was submitted by either way', async () => {
    await logIn()
    await simulators.setFault('auth.2fa')
    expect(await logIn()).toEqual({ value: { state: 'require_2fa' } })
    simulators.submitCode('account-1')
    expect(await logIn()).toMatchObject({ value: { state: 'logged_in' } })

    await simulators.setFault('auth.2fa')
    expect(await outcome(apple.submitCode(account, 'wrong', await headers()))).toEqual({ code: '401' })
    expect(await logIn()).toEqual({ value: { state: 'require_2fa' } })
    const listed = (await (await fetch(`${simulators.control}/accounts`)).json()) as { alias: string; code: string }[]
    const { code } = listed.find(({ alias }) => alias === 'account-1')!
    expect(await outcome(apple.submitCode(account, code, await headers()))).toEqual({ value: undefined })
    expect(await logIn()).toMatchObject({ value: { state: 'logged_in' } })
  })

  test('every_n meets exactly every n-th request, probes not counted; account limits it to one', async () => {
    await logIn()
    await simulators.setFault('http.500', { every_n: 3, account: 'account-1' })
    const codes: (string | undefined)[] = []
    for (let i = 0; i < 6; i++) {
      await fetch(`${simulators.apple}/findmyservice/v2/fetch`, { method: 'POST', headers: { 'user-agent': 'otel-health-check' } })
      codes.push((await fetchReports()).code)
    }
    expect(codes).toEqual([undefined, undefined, '500', undefined, undefined, '500'])
    expect(simulators.summary()).toMatchObject({ probes: { 'apple.fetch': 6 }, by_endpoint: { 'apple.fetch': 6 } })
    account = { ...simulators.accounts[1]!, session: undefined }
    await logIn()
    for (let i = 0; i < 3; i++) expect(await fetchReports()).toHaveProperty('value')
  })

  test('ttl_ms switches a fault off by itself', async () => {
    await logIn()
    await simulators.setFault('http.500', { ttl_ms: 60_000 })
    await simulators.setFault('anisette.down', { ttl_ms: 60_000 })
    await clock.run(59_000)
    expect((await outcome(anisette.requestHeaders())).code).toBe('ECONNREFUSED')
    await clock.run(1_000)
    // Opening a listener is not an exchange the virtual clock knows of; the control server answers after it.
    await fetch(`${simulators.control}/faults`)
    expect(await fetchReports()).toHaveProperty('value')
  })
})

describe('faults of anisette', () => {
  test.for<{ fault: FaultName; code: string; accepted: boolean }>([
    { fault: 'anisette.down', code: 'ECONNREFUSED', accepted: false },
    { fault: 'anisette.empty', code: 'empty_body', accepted: true },
    { fault: 'anisette.html', code: 'malformed_body', accepted: true },
    { fault: 'anisette.slow', code: 'timeout', accepted: true },
  ])('$fault: code $code', async ({ fault, code, accepted }) => {
    expect(await outcome(anisette.requestHeaders())).toHaveProperty('value')
    await simulators.setFault(fault)
    expect(await outcome(anisette.requestHeaders())).toEqual({ code })
    const seen = simulators.ledger.entries().filter(({ seen_as }) => seen_as === code)
    expect(seen).toHaveLength(accepted ? 1 : 0)
    await simulators.clearFault(fault)
    expect(await outcome(anisette.requestHeaders())).toHaveProperty('value')
  })
})

test('with real latency a client that gives up is a timeout in the ledger too', async () => {
  await simulators.stop()
  simulators = await startSimulators({ seed: 1, trackers: 1, accounts: 1, latency: 'real', latencyScale: 0 })
  const { anisette: impatient } = clients(systemClock, fetch, { apple: 1_000, anisette: 1_000 })
  await expect(impatient.requestHeaders()).resolves.toHaveProperty('X-Apple-I-MD')
  await simulators.setFault('anisette.slow')
  await expect(impatient.requestHeaders()).rejects.toMatchObject({ code: 'timeout' })
  await expect.poll(() => simulators.summary().api_calls.anisette).toEqual({ ok: 1, timeout: 1 })
})

test('a server that is not there is ECONNREFUSED', async () => {
  const transport = { fetch, clock: systemClock, giveUp: new AbortController().signal }
  await simulators.stop()
  await expect(new AnisetteClient(transport, simulators.anisette, 1_000).requestHeaders()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
