/** What was suspended together with its supervisor, as a container or a machine is, has not hung. */
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'
import { test, vi } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { shardNames } from '../../src/wire/names.ts'
import { RunProcess, WATCHED } from '../e2e/run-process.ts'

const soon = { timeout: 60_000, interval: 50 }
/** More than the hang limit, and than a slow machine stalls. Milliseconds. */
const SUSPENDED = 7000

test.concurrent.for([
  { what: 'the supervisor and the service', both: true },
  { what: 'the supervisor alone', both: false },
])('$what: it is the same process afterwards', { timeout: 120_000 }, async ({ both }, { expect, onTestFinished }) => {
  const valkey = await startValkey()
  const redis = new Redis(valkey.port)
  const run = new RunProcess({
    command: WATCHED,
    options: ['--grace', '1s', '--hang-limit', '3s', '--kill-after', '1s'],
    env: {
      ...{ HEALTH_SERVICE_NAME: 'orders', HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) },
      HEALTH_PUBLISHING_INTERVAL: '1',
    },
  })
  onTestFinished(async () => {
    redis.disconnect()
    await run.end()
    await valkey.stop()
  })
  const beatAt = async (): Promise<number> => Number(await redis.zscore(shardNames().services, 'orders'))
  const beatsOn = async (ms: number): Promise<void> => {
    const from = await vi.waitUntil(beatAt, soon)
    await vi.waitFor(async () => expect(await beatAt()).toBeGreaterThan(from + ms), soon)
  }
  const pid = await run.started(1)
  await beatsOn(3000)
  run.process.kill('SIGSTOP')
  if (both) process.kill(pid, 'SIGSTOP')
  await passed(SUSPENDED)
  run.process.kill('SIGCONT')
  if (both) process.kill(pid, 'SIGCONT')
  // Whatever would be done about it would be done by then.
  await beatsOn(5000)
  expect([run.pids, run.stderr.includes('started again')]).toEqual([[pid], false])
})
