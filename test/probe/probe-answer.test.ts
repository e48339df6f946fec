/** What is answered to whom. */
import { describe, expect, test } from 'vitest'

import type { ToldHealth } from '../../src/probe/health-document.ts'
import { probeAnswer, type Login, type Probed } from '../../src/probe/probe-answer.ts'
import type { Phase, Status } from '../../src/types.ts'
import { MAX_MESSAGE_BYTES } from '../../src/wire/sizes.ts'

const HEALTH: ToldHealth = { service: 'mailer', instance: 'i1', phase: 'running', status: 'healthy', checks: {}, alerts: [] }
const probed = (more: Partial<Probed> = {}, health: Partial<ToldHealth> = {}): Probed => ({
  ...{ whyNotAlive: undefined, phase: 'running', health: () => ({ ...HEALTH, ...health }) },
  ...more,
})
const ask = (path: string, from: Probed = probed(), { method = 'GET', login = 'none' }: { method?: string; login?: Login } = {}) =>
  probeAnswer({ method, path }, login, from)

describe('/livez', () => {
  test.for(['starting', 'running', 'paused', 'draining', 'stopped'] as const)('is 200 while %s, and however ill', (phase) => {
    expect(ask('/livez', probed({ phase }, { status: 'unhealthy' }))).toMatchObject({ status: 200, body: 'alive\n' })
  })

  test('is 503 of a process that does not live, and says why', () => {
    const answer = ask('/livez', probed({ whyNotAlive: 'the last evaluation was 40 s ago (limit 30 s)' }))
    expect(answer).toMatchObject({ status: 503, body: 'not alive: the last evaluation was 40 s ago (limit 30 s)\n' })
  })

  test('asks nothing else of anybody', () => {
    const health = (): never => {
      throw new Error('asked')
    }
    expect(ask('/livez', probed({ health })).status).toBe(200)
    expect(ask('/readyz', probed({ health })).status).toBe(200)
  })
})

test.for([
  { phase: 'running', status: 200, body: 'running\n' },
  { phase: 'starting', status: 503, body: 'not ready: starting\n' },
  { phase: 'paused', status: 503, body: 'not ready: paused\n' },
  { phase: 'draining', status: 503, body: 'not ready: draining\n' },
  { phase: 'stopped', status: 503, body: 'not ready: stopped\n' },
] satisfies readonly { phase: Phase; status: number; body: string }[])('/readyz is $status while $phase', ({ phase, ...is }) => {
  expect(ask('/readyz', probed({ phase }, { status: 'unhealthy' }))).toMatchObject(is)
})

describe('/health', () => {
  test.for([
    { status: 'healthy', code: 200, word: 'pass' },
    { status: 'degraded', code: 200, word: 'warn' },
    { status: 'unhealthy', code: 503, word: 'fail' },
  ] satisfies readonly { status: Status; code: number; word: string }[])('of what is $status is $word', ({ status, code, word }) => {
    const answer = ask('/health', probed({}, { status }))
    expect(answer).toMatchObject({ status: code, headers: { 'content-type': 'application/health+json' } })
    expect(JSON.parse(answer.body)).toEqual({ status: word })
  })

  const ILL: Partial<ToldHealth> = {
    status: 'unhealthy',
    checks: { postgres: { status: 'unhealthy', error: 'ECONNREFUSED' }, redis: { status: 'healthy', latencyMs: 1.23456 } },
    alerts: [
      { rule: 'large_queue', labels: undefined, severity: 'WARNING', message: '12000 items', since: Date.UTC(2026, 11, 1) },
      { rule: 'low_success_rate', labels: { 'work.name': 'a' }, severity: 'CRITICAL', message: 'a: 20 %', since: 0 },
      { rule: 'low_success_rate', labels: { 'work.name': 'b' }, severity: 'CRITICAL', message: 'b: 10 %', since: 0 },
    ],
  }

  test('shows checks and alerts to whoever has the token', () => {
    const since = '1970-01-01T00:00:00.000Z'
    expect(JSON.parse(ask('/health', probed({}, ILL), { login: 'right' }).body)).toEqual({
      status: 'fail',
      serviceId: 'i1',
      description: 'mailer',
      notes: ['phase: running'],
      checks: {
        'postgres:responseTime': [{ componentType: 'component', status: 'fail', output: 'ECONNREFUSED' }],
        'redis:responseTime': [{ componentType: 'component', status: 'pass', observedValue: 1.235, observedUnit: 'ms' }],
        'large_queue:alert': [{ componentType: 'alert', status: 'warn', time: '2026-12-01T00:00:00.000Z', output: '12000 items' }],
        'low_success_rate:alert': [
          { componentType: 'alert', status: 'fail', time: since, output: 'a: 20 %', labels: { 'work.name': 'a' } },
          { componentType: 'alert', status: 'fail', time: since, output: 'b: 10 %', labels: { 'work.name': 'b' } },
        ],
      },
    })
  })

  test('shows nothing of them to anybody else', () => {
    expect(ask('/health', probed({}, ILL)).body).toBe('{"status":"fail"}')
    const refused = ask('/health', probed({}, ILL), { login: 'wrong' })
    expect(refused).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' }, body: 'The token is another one.\n' })
  })

  test('is bounded, however much there is to show', () => {
    const alerts = Array.from({ length: 5000 }, (_, i) => ({
      ...{ rule: `rule_${i}`, labels: undefined, severity: 'WARNING' as const, message: 'é'.repeat(5000), since: 0 },
    }))
    const { body } = ask('/health', probed({}, { alerts }), { login: 'right' })
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES)
    expect(JSON.parse(body)).toMatchObject({ status: 'pass', serviceId: 'i1' })
  })
})

test.for([
  { why: 'another path', path: '/metrics', method: 'GET', status: 404 },
  { why: 'the root', path: '/', method: 'GET', status: 404 },
  { why: 'a path that begins like one', path: '/livez/', method: 'GET', status: 404 },
  { why: 'another method', path: '/livez', method: 'POST', status: 405 },
  { why: 'TRACE', path: '/health', method: 'TRACE', status: 405 },
])('$why is refused', ({ path, method, status }) => {
  expect(ask(path, probed(), { method }).status).toBe(status)
})
