import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSimulators, type Simulators } from '../../examples/simulators/start.ts'

let simulators: Simulators
beforeAll(async () => {
  simulators = await startSimulators({ seed: 1, trackers: 1, accounts: 2, latency: 'stated' })
})
afterAll(() => simulators.stop())

async function call(method: string, path: string, body?: string) {
  const response = await fetch(`${simulators.control}${path}`, { method, ...(body !== undefined && { body }) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('control server', () => {
  test('lists, switches on and switches off', async () => {
    const on = await call('PUT', '/faults/http.500', '{"every_n": 4}')
    expect(on).toMatchObject({ status: 200, body: { name: 'http.500', active: true, settings: { every_n: 4 } } })
    const list = (await call('GET', '/faults')).body as unknown as { name: string; active: boolean }[]
    expect(list.map(({ name }) => name).toSorted()).toEqual([
      '429',
      'anisette.down',
      'anisette.empty',
      'anisette.html',
      'anisette.slow',
      'auth.2fa',
      'auth.revoke',
      'empty_body',
      'http.500',
      'malformed',
      'reports.late',
      'reset',
      'slow',
      'world.crowd',
      'world.still',
      'world.zero',
    ])
    expect(list.filter(({ active }) => active).map(({ name }) => name)).toEqual(['http.500'])
    expect(await call('DELETE', '/faults/http.500')).toMatchObject({ status: 200, body: { active: false } })
    expect(await call('PUT', '/faults/anisette.down')).toMatchObject({ status: 200, body: { active: true } })
    await expect(fetch(simulators.anisette)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    await call('DELETE', '/faults/anisette.down')
    expect((await fetch(simulators.anisette)).status).toBe(200)
  })

  test('the ledger comes as a summary, and with its entries when asked', async () => {
    await fetch(simulators.anisette)
    const { body } = await call('GET', '/ledger')
    expect(body).not.toHaveProperty('entries')
    const { entries, ...summary } = (await call('GET', '/ledger?full=1')).body
    expect(summary).toEqual(body)
    expect(entries).toContainEqual(expect.objectContaining({ endpoint: 'anisette.headers', status: 200, seen_as: 'ok' }))
  })

  test.for([
    {
      why: 'an unknown fault',
      method: 'PUT',
      path: '/faults/http.404',
      status: 404,
      says: 'There is no fault "http.404"; there are 429, anisette.down,',
    },
    { why: 'an unknown fault to switch off', method: 'DELETE', path: '/faults/x', status: 404, says: 'There is no fault "x"; there are' },
    {
      why: 'a fault of a simulator that is not there',
      method: 'PUT',
      path: '/faults/gateway.500',
      status: 404,
      says: 'There is no fault "gateway.500"; there are',
    },
    { why: 'an inherited name', method: 'PUT', path: '/faults/toString', status: 404, says: 'There is no fault "toString"' },
    { why: 'an unknown path', method: 'GET', path: '/', status: 404, says: 'There is no GET /; there are GET /faults,' },
    {
      why: 'a parameter the fault lacks',
      path: '/faults/anisette.down',
      body: '{"every_n": 2}',
      says: 'anisette.down has no parameter "every_n"; it has ttl_ms.',
    },
    {
      why: 'a probability of 0',
      path: '/faults/slow',
      body: '{"probability": 0}',
      says: 'probability of slow is 0; expected a number above 0 and at most 1.',
    },
    {
      why: 'a probability as text',
      path: '/faults/slow',
      body: '{"probability": "1"}',
      says: 'probability of slow is "1"; expected a number',
    },
    {
      why: 'half a request',
      path: '/faults/slow',
      body: '{"every_n": 1.5}',
      says: 'every_n of slow is 1.5; expected an integer of at least 1.',
    },
    {
      why: 'both at once',
      path: '/faults/slow',
      body: '{"every_n": 2, "probability": 0.5}',
      says: 'slow takes probability or every_n, not both.',
    },
    {
      why: 'an unknown account',
      path: '/faults/slow',
      body: '{"account": "x"}',
      says: 'There is no account "x"; there are account-1, account-2.',
    },
    { why: 'a list', path: '/faults/slow', body: '[]', says: 'The settings of a fault are a JSON object' },
    { why: 'no JSON', path: '/faults/slow', body: 'on', says: 'The body is "on"; expected a JSON object, or nothing.' },
    {
      why: 'a code for an unknown account',
      method: 'POST',
      path: '/accounts/submit-code',
      body: '{"account": "x"}',
      says: 'There is no account "x"',
    },
  ])('refuses $why in a sentence that says what is possible', async ({ method = 'PUT', path, body, status = 400, says }) => {
    const answer = await call(method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.body.error).toContain(says)
    const list = (await call('GET', '/faults')).body as unknown as { active: boolean }[]
    expect(list.some(({ active }) => active)).toBe(false)
  })
})

describe('with the simulators of the other services', () => {
  beforeAll(async () => {
    await simulators.stop()
    simulators = await startSimulators({ seed: 1, trackers: 1, accounts: 2, latency: 'stated', siblings: true })
  })

  test('their faults are listed after the others, and their ledgers stand beside', async () => {
    const list = (await call('GET', '/faults')).body as unknown as { name: string }[]
    expect(list.slice(16).map(({ name }) => name)).toEqual([
      'geocoder.500',
      'geocoder.429',
      'geocoder.slow',
      'geocoder.down',
      'gateway.500',
      'gateway.slow',
      'gateway.bounce',
      'gateway.down',
      'store.500',
      'store.slow',
      'fences.broken',
    ])
    await fetch(`${simulators.siblings!.addresses.fences}/fences`)
    expect((await call('GET', '/ledger')).body).toMatchObject({
      siblings: { fences: { requests: 1, calls: { fences: { ok: 1 } } }, store: {}, geocoder: {}, gateway: {} },
    })
  })

  test('otel-health’s own checks are counted apart', async () => {
    const { store } = simulators.siblings!.addresses
    await fetch(store, { headers: { 'user-agent': 'otel-health-check/1' } })
    expect(simulators.siblings!.summary().store).toMatchObject({ requests: 0, calls: {}, probes: 1 })
  })

  test.for([
    {
      path: '/faults/geocoder.down',
      body: '{"provider": "osm"}',
      says: 'provider of geocoder.down is "osm"; expected one of nominatim, photon.',
    },
    { path: '/faults/gateway.bounce', body: '{"channel": 1}', says: 'channel of gateway.bounce is 1; expected one of push, mail, sms.' },
    { path: '/faults/store.500', body: '{"channel": "push"}', says: 'store.500 has no parameter "channel"; it has' },
  ])('$says', async ({ path, body, says }) => {
    const answer = await call('PUT', path, body)
    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringContaining(says) } })
  })
})
