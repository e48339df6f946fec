/**
 * What no alert is about: requests that wait for what is to come, hosts that nobody named, results that cannot be read. Each beside a
 * service that is as slow or as lost as it looks.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'

import { closedPort } from '../support/upstream.ts'
import type { MetricsMessage } from '../../src/wire/metrics-message.ts'
import { HealthMessages } from './health-messages.ts'
import { REGISTER } from './service-process.ts'
import { startSurroundings, type Surroundings } from './service-surroundings.ts'

const TIMEOUT = { timeout: 60_000 }
const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url))

let surroundings: Surroundings
let health: HealthMessages
const folders: string[] = []
beforeAll(async () => {
  surroundings = await startSurroundings(4)
  health = await HealthMessages.on(surroundings.port)
})
afterAll(async () => {
  await surroundings.close()
  health.close()
  for (const folder of folders) rmSync(folder, { recursive: true })
})

async function start(name: string, fixture: string, { config, env = {} }: { config?: object; env?: NodeJS.ProcessEnv } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'otel-health-'))
  folders.push(folder)
  cpSync(`${FIXTURES}${fixture}`, folder, { recursive: true })
  if (config) writeFileSync(join(folder, 'health.config.json'), JSON.stringify(config))
  const script = fixture === 'waiting' ? 'service.mjs' : 'service.js'
  const service = await surroundings.start({
    service: name,
    folder,
    script,
    node: ['--import', REGISTER],
    env: { HEALTH_SERVICE_NAME: name, MAX_API_RESPONSE_TIME: '2000', ...env },
  })
  onTestFailed(() => console.error(`${service.output}\n${health.last(name)}`))
  return service
}

const callsOf = ({ totals }: MetricsMessage): Readonly<Record<string, Readonly<Record<string, number>>>> => totals['api_calls'] as never
const isTold = ({ alerts }: { readonly alerts: readonly { readonly rule: string }[] }): boolean =>
  alerts.some(({ rule }) => rule === 'slow_upstream')

test('requests that wait, streams and hosts that nobody named are not slow, beside one that is', TIMEOUT, async () => {
  const [waiting, slow] = [await closedPort(), await closedPort()]
  // Otherwise it would take minutes to be sure.
  const rules = { slow_upstream: { plain: true, for: 0 } }
  const named = (port: number) => ({ upstreams: { bus: { host: `127.0.0.1:${port}` } }, rules })
  await Promise.all([
    start('waiting', 'waiting', { config: named(waiting), env: { UPSTREAM_PORT: String(waiting) } }),
    start('slow', 'waiting', { config: named(slow), env: { UPSTREAM_PORT: String(slow), SLOW: '1' } }),
    start('unnamed', 'waiting', { config: { rules }, env: { SLOW: '1' } }),
  ])
  const alarmed = await health.status('slow', isTold)
  expect(alarmed.alerts).toMatchObject([{ rule: 'slow_upstream', state: 'firing', message: expect.stringMatching(/calls to upstreams/) }])

  // Far more than that took.
  const waited = await health.metrics('waiting', (message) => (callsOf(message)['bus']?.['503'] ?? 0) >= 9)
  expect(callsOf(waited)['bus']!['ok']).toBeGreaterThan(60)
  // Shown all the same.
  const counted = await health.metrics('unnamed', (message) => (callsOf(message)['127.0.0.1']?.['ok'] ?? 0) >= 18)
  // Totals are as of now, evidence as of the last evaluation.
  const shown = await health.metrics('unnamed', ({ timestamp }) => timestamp > counted.timestamp)
  expect((shown.evidence['upstream_response_time_ms'] as { readonly slow: number }).slow).toBeGreaterThanOrEqual(18)
  for (const { service, timestamp } of [waited, shown]) {
    expect((await health.status(service, (message) => message.timestamp > timestamp)).alerts).toEqual([])
  }
})

test('results without what is read of them are no failures, and an account is lost with a 401', TIMEOUT, async () => {
  const service = await start('results', 'results')
  const seen = await health.metrics('results', ({ totals }) => (totals['attempts'] as { unknown?: number }).unknown! > 100)
  expect(seen.totals['attempts']).toMatchObject({ failed: {}, reports: 0, empty: 0 })
  expect(seen.metrics).toMatchObject({ success_rate_percent: null, apple_account_authenticated: true })
  expect(service.output.match(/no result has had okay\.deep so far; the result had the keys ok, reports/g)).toHaveLength(1)
  const calm = await health.status('results', ({ beat }) => beat > 3)
  expect(calm.alerts).toEqual([])

  service.signal('SIGUSR2')
  const lost = await health.status('results', ({ alerts }) => alerts.length > 0)
  expect(lost.alerts).toMatchObject([{ rule: 'apple_account_unauthenticated', state: 'firing', severity: 'CRITICAL' }])
})
