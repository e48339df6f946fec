/** The health Redis that answers nobody restarts nobody: neither the supervisor nor an orchestrator that asks /livez sees anything of it. */
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { shardNames } from '../../src/wire/names.ts'
import { RunProcess, WATCHED } from '../e2e/run-process.ts'
import { freePort } from '../../examples/valkey/free-port.ts'

const soon = { timeout: 60_000, interval: 50 }
const HANG_LIMIT_S = 3

test('while it is frozen for longer than any limit the process lives, is ready, and is the same', { timeout: 120_000 }, async () => {
  const [valkey, port] = [await startValkey(), await freePort()]
  const redis = new Redis(valkey.port)
  const run = new RunProcess({
    command: WATCHED,
    options: ['--grace', '1s', '--hang-limit', `${HANG_LIMIT_S}s`, '--kill-after', '1s'],
    env: {
      ...{ HEALTH_SERVICE_NAME: 'orders', HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) },
      ...{ HEALTH_PUBLISHING_INTERVAL: '1', HEALTH_HTTP_PORT: String(port) },
    },
  })
  onTestFinished(async () => {
    redis.disconnect()
    await run.end()
    await valkey.stop()
  })
  const ask = async (path: string): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return `${answer.status} ${(await answer.text()).trim()}`
  }
  const beatAt = async (): Promise<number> => Number(await redis.zscore(shardNames().services, 'orders'))
  await vi.waitFor(async () => expect(await ask('/readyz')).toBe('200 running'), soon)
  await vi.waitFor(async () => expect(await beatAt()).toBeGreaterThan(0), soon)
  const before = await beatAt()
  valkey.kill('SIGSTOP')
  try {
    for (let i = 0; i < 6 * HANG_LIMIT_S; i++) {
      expect([await ask('/livez'), await ask('/readyz')]).toEqual(['200 alive', '200 running'])
      await passed(300)
    }
  } finally {
    valkey.kill('SIGCONT')
  }
  // It beats on, and nobody has started it again.
  await vi.waitFor(async () => expect(await beatAt()).toBeGreaterThan(before), soon)
  expect([run.pids.length, run.process.exitCode]).toEqual([1, null])
})
