/** The supervisor and the panel are no services, though they have the environment of one: nobody can ask them, and so stop them, through themselves. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import { shardNames } from '../../src/wire/names.ts'
import { RunProcess } from '../e2e/run-process.ts'
import { REGISTER } from '../e2e/service-process.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const soon = { timeout: 60_000, interval: 50 }
const names = shardNames()

test(
  'with otel-health/register in NODE_OPTIONS the service alone is there to be asked, and its stop leaves both',
  { timeout: 120_000 },
  async () => {
    const valkey = await startValkey()
    const redis = new Redis(valkey.port)
    const env = {
      ...{ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), HEALTH_PUBLISHING_INTERVAL: '1' },
      ...{ NODE_OPTIONS: `--import ${REGISTER}`, OTEL_METRICS_EXPORTER: 'none' },
    }
    const panel = spawn(process.execPath, [MAIN, 'panel', '--port', '0'], {
      env: { PATH: process.env['PATH'], HEALTH_SERVICE_NAME: 'panel', ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const run = new RunProcess({ command: [process.execPath, 'service.js'], env: { HEALTH_SERVICE_NAME: 'orders', ...env } })
    onTestFinished(async () => {
      panel.kill('SIGKILL')
      await run.end()
      redis.disconnect()
      await valkey.stop()
    })
    // It says where it is once it answers.
    await once(panel.stdout, 'data')
    await run.started(1)
    const beaten = async (): Promise<number> => Number(await redis.zscore(names.services, 'orders'))
    const first = await vi.waitUntil(beaten, soon)
    await vi.waitFor(async () => expect(await beaten()).toBeGreaterThan(first + 3000), soon)
    expect(await redis.zrange(names.services, '0', '-1')).toEqual(['orders'])
    const instances = await redis.zrange(names.instances('orders'), '0', '-1')
    expect(instances).toHaveLength(1)

    const control = new HealthControl({ client: redis })
    const stop = (service: string) => control.request('stop', { service }, { by: 'ann', why: 'to be moved', from: 'a test' })
    await expect(stop('panel')).rejects.toThrow('No service named panel has been heard of.')
    await stop('orders')
    await vi.waitFor(async () => expect((await control.requests('orders'))[0]!.state).toBe('done'), soon)
    expect([run.pids.length, run.process.exitCode, panel.exitCode]).toEqual([1, null, null])
  },
)
