/** The clients that people have, waiting for what is to come, under the package as npm installs it: none of their calls is slow. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthMessages } from '../e2e/health-messages.ts'
import { closedPort } from '../support/upstream.ts'
import { SdkProjects } from './sdk-projects.ts'

const CLIENTS = { '@aws-sdk/client-sqs': '^3.0.0', axios: '^1.0.0', eventsource: '^4.0.0', got: '^14.0.0', openai: '^6.0.0' }
/** Of each client at least three. */
const CALLS = 18

let projects: SdkProjects
let valkey: EmbeddedValkey
let health: HealthMessages
let child: ChildProcess | undefined
beforeAll(async () => {
  projects = await SdkProjects.pack()
  valkey = await startValkey()
  health = await HealthMessages.on(valkey.port)
})
afterAll(async () => {
  if (child?.exitCode === null) {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  health.close()
  await valkey.stop()
  await projects.remove()
})

test('SQS, axios, got, a model that streams and server-sent events are answered late, and none of them is slow', async () => {
  const folder = await projects.project(CLIENTS)
  const port = await closedPort()
  const config = { upstreams: { bus: { host: `127.0.0.1:${port}` } }, rules: { slow_upstream: { plain: true, for: 0 } } }
  await writeFile(join(folder, 'health.config.json'), JSON.stringify(config))
  await copyFile(fileURLToPath(new URL('./fixtures/waiting-clients.mjs', import.meta.url)), join(folder, 'service.mjs'))
  child = spawn(process.execPath, ['--import', 'otel-health/register', 'service.mjs'], {
    cwd: folder,
    env: {
      ...process.env,
      ...{ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), HEALTH_SERVICE_NAME: 'clients' },
      ...{ HEALTH_PUBLISHING_INTERVAL: '1', HEALTH_METRICS_INTERVAL: '1', OTEL_METRICS_EXPORTER: 'none' },
      ...{ UPSTREAM_PORT: String(port), MAX_API_RESPONSE_TIME: '2000' },
    },
    stdio: 'inherit',
  })
  const callsOf = (totals: object) => (totals as { api_calls?: { bus?: Readonly<Record<string, number>> } }).api_calls?.bus ?? {}
  const seen = await health.metrics('clients', ({ totals }) => (callsOf(totals)['ok'] ?? 0) >= CALLS)
  expect(Object.keys(callsOf(seen.totals))).toEqual(['ok'])
  expect(seen.evidence['upstream_response_time_ms']).toMatchObject({ slow: 0 })
  expect((await health.status('clients', ({ timestamp }) => timestamp > seen.timestamp)).alerts).toEqual([])
})
