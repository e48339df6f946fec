/**
 * Five services that know nothing of otel-health say on the channels how they are, with only a health.config beside them, and much
 * of it with none. What they say is compared with what they have counted themselves. Meanwhile others run with and without
 * otel-health and are compared.
 */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { build } from 'rolldown'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'

import type { MetricsMessage } from '../../src/wire/metrics-message.ts'
import { HealthMessages } from './health-messages.ts'
import { REGISTER, SERVICE_NAMES, type Ledger, type ServiceName, type ServiceProcess, type ServiceRun } from './service-process.ts'
import { testParity } from './services-parity.ts'
import { startSurroundings, type Surroundings } from './service-surroundings.ts'

const TIMEOUT = { timeout: 120_000 }

/** As many as Redis has databases; ten of them do next to nothing for most of their time. */
const AT_ONCE = 15

let surroundings: Surroundings
let health: HealthMessages
/** Running from the beginning, for no rate is given before half a minute was watched. */
const atWork = new Map<ServiceName, Promise<ServiceProcess>>()
const failing = new Map<ServiceName, Promise<ServiceProcess>>()
const folders: string[] = []

beforeAll(async () => {
  surroundings = await startSurroundings(AT_ONCE)
  health = await HealthMessages.on(surroundings.port)
  for (const service of SERVICE_NAMES) {
    atWork.set(service, start({ service }))
    failing.set(service, start({ service, env: { FAIL: '1', HEALTH_SERVICE_NAME: `${service}.failing` } }))
  }
}, 60_000)
afterAll(async () => {
  await surroundings.close()
  health.close()
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** Starts a service that stays when its work is done. */
function start(run: ServiceRun): Promise<ServiceProcess> {
  return surroundings.start({ node: ['--import', REGISTER], ...run, env: { STAY: '1', ...run.env } })
}

/** The same under a name of its own, and shows what there is if the test fails. */
async function watched(run: ServiceRun, name: string): Promise<ServiceProcess> {
  const service = await start({ ...run, env: { HEALTH_SERVICE_NAME: name, ...run.env } })
  showIfFailed(service, name)
  return service
}

function showIfFailed(service: ServiceProcess, name: string): void {
  onTestFailed(() => console.error(`${service.output}\n${health.last(name)}`))
}

/** What is behind the success rate. */
function evidenceOf({ evidence }: MetricsMessage): { readonly attempts?: number; readonly failures?: number } {
  return evidence['success_rate_percent'] ?? {}
}

/** Whether the queues hold what the service left in them; they are read every few seconds. */
function isLeft({ metrics }: MetricsMessage, due: Ledger['due']): boolean {
  const sizes = (metrics['queue_sizes'] ?? {}) as Readonly<Record<string, unknown>>
  return Object.entries(due).every(([queue, size]) => sizes[queue] === size)
}

function callsOf({ evidence }: MetricsMessage): number {
  const { calls = 0 }: { readonly calls?: number } = evidence['upstream_response_time_ms'] ?? {}
  return calls
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function successRate({ attempts, failed }: Ledger): number {
  return Math.round((1000 * (attempts - failed)) / attempts) / 10
}

testParity(() => surroundings)

test.concurrent('a service in a worker thread is watched as one of its own', TIMEOUT, async () => {
  const name = 'function-worker.thread'
  const process = await watched({ service: 'function-worker', by: 'in-worker-thread.js' }, name)
  const { attempts, failed, due } = await process.ledger
  const said = await health.metrics(name, (message) => evidenceOf(message).attempts === attempts)
  expect(evidenceOf(said)).toMatchObject({ attempts, failures: failed })
  await health.metrics(name, (message) => isLeft(message, due))
  await process.stop()
})

test.concurrent('each worker of a cluster is an instance of the service', TIMEOUT, async () => {
  const name = 'class-fetcher.cluster'
  const process = await watched({ service: 'class-fetcher', by: 'in-cluster.js' }, name)
  const { attempts } = await process.ledger
  const first = await health.metrics(name, (message) => evidenceOf(message).attempts === attempts)
  const second = await health.metrics(name, (message) => message.instance !== first.instance && evidenceOf(message).attempts === attempts)
  expect(evidenceOf(second)).toEqual({ ...evidenceOf(first), covered_seconds: expect.any(Number) })
  await process.stop()
})

/** The service in a folder without health.config. */
function withoutConfig(service: ServiceName): string {
  const folder = mkdtempSync(join(tmpdir(), 'otel-health-'))
  folders.push(folder)
  cpSync(fileURLToPath(new URL(`./services/${service}`, import.meta.url)), folder, {
    recursive: true,
    filter: (source) => !basename(source).startsWith('health.config'),
  })
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'))
  return folder
}

test.concurrent.for(SERVICE_NAMES)(
  '%s says that it is healthy and that its Redis answers, without a health.config',
  TIMEOUT,
  async (service) => {
    const name = `${service}.bare`
    const process = await watched({ service, folder: withoutConfig(service) }, name)
    await process.ledger
    const status = await health.status(name, ({ phase, checks }) => phase === 'running' && 'redis' in checks)
    expect(status).toMatchObject({ status: 'healthy', checks: { redis: { status: 'healthy' } } })
    await process.stop()
  },
)

test.concurrent('the jobs of a BullMQ worker are counted without a health.config', TIMEOUT, async () => {
  const name = 'bullmq-worker.counted'
  const process = await watched({ service: 'bullmq-worker', folder: withoutConfig('bullmq-worker') }, name)
  const { attempts, failed, due } = await process.ledger
  const said = await health.metrics(name, (message) => evidenceOf(message).attempts === attempts)
  expect(evidenceOf(said).failures).toBe(failed)
  await health.metrics(name, (message) => isLeft(message, { mail: due['mail']! }))
  await process.stop()
})

test.concurrent.for<ServiceName>(['class-fetcher', 'fetch-loop'])(
  'requests of %s are counted by host without a health.config',
  TIMEOUT,
  async (service) => {
    const name = `${service}.counted`
    const process = await watched({ service, folder: withoutConfig(service) }, name)
    const { attempts, failed } = await process.ledger
    const { totals } = await health.metrics(name, (message) => callsOf(message) === attempts)
    expect(totals['api_calls']).toEqual({ [new URL(surroundings.upstreamUrl).hostname]: { ok: attempts - failed, '500': failed } })
    await process.stop()
  },
)

test.concurrent.for(SERVICE_NAMES)('%s fires an alert when its work fails', TIMEOUT, async (service) => {
  const name = `${service}.failing`
  const process = await failing.get(service)!
  showIfFailed(process, name)
  const { attempts, failed } = await process.ledger
  const alert = await health.alert(name, ({ rule }) => rule === 'low_success_rate')
  expect(alert).toMatchObject({ type: 'fired', state: 'firing' })
  const status = await health.status(name, ({ alerts }) => alerts.some(({ state }) => state === 'firing'))
  expect(status.status).not.toBe('healthy')
  const said = await health.metrics(name, (message) => evidenceOf(message).attempts === attempts)
  expect(evidenceOf(said).failures).toBe(failed)
  await process.stop()
})

test.concurrent.for(SERVICE_NAMES)(
  '%s says that it is healthy, its rates, its queue sizes, and that it stopped',
  TIMEOUT,
  async (service) => {
    const process = await atWork.get(service)!
    showIfFailed(process, service)
    const ledger = await process.ledger
    const status = await health.status(service, ({ phase }) => phase === 'running')
    expect(status).toMatchObject({ status: 'healthy', instance_status: 'healthy', alerts: [] })

    const said = await health.metrics(
      service,
      (message) => typeof message.metrics['success_rate_percent'] === 'number' && isLeft(message, ledger.due),
    )
    expect(evidenceOf(said)).toMatchObject({ attempts: ledger.attempts, failures: ledger.failed })
    expect(said.metrics['success_rate_percent']).toBe(successRate(ledger))
    expect(said.metrics['total_queue_size']).toBe(sumOf(ledger.due))
    const { found, reports, events } = said.totals
    expect(found ?? reports).toBe(ledger.reports ?? 0)
    expect(events ?? said.metrics['geofence_events_generated']).toBe(ledger.events ?? 0)

    expect(await process.stop()).toMatchObject({ code: 0, signal: null })
    expect(await health.status(service, ({ phase }) => phase === 'stopped')).toMatchObject({ status: 'healthy' })
  },
)

test('what was said can be read by any reader', () => {
  expect(health.refused).toEqual([])
})

test.concurrent('a service bundled into one file is seen through channels', TIMEOUT, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'otel-health-'))
  folders.push(folder)
  const source = fileURLToPath(new URL('./services/fetch-loop/', import.meta.url))
  for (const file of ['package.json', 'health.config.js']) cpSync(join(source, file), join(folder, file))
  await build({ input: join(source, 'service.js'), platform: 'node', output: { file: join(folder, 'service.js') }, logLevel: 'silent' })
  const name = 'fetch-loop.bundled'
  const process = await watched({ service: 'fetch-loop', folder }, name)
  const { attempts, failed } = await process.ledger
  const said = await health.metrics(name, (message) => evidenceOf(message).attempts === attempts)
  expect(evidenceOf(said)).toMatchObject({ attempts, failures: failed })
  const status = await health.status(name, ({ phase, checks }) => phase === 'running' && 'redis' in checks)
  expect(status).toMatchObject({ status: 'healthy', checks: { redis: { status: 'healthy' } } })
  await process.stop()
})
