/** Services that are killed, and nobody is left but watchers, which are processes of their own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { startService } from '../support/service-child.ts'
import { toldBy } from '../support/told.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const soon = { timeout: 40_000, interval: 20 }
/** Seconds. */
const INTERVAL = 1

let valkey: EmbeddedValkey
let redis: Redis
beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(() => redis.flushall())
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

async function startWatcher(): Promise<{ child: ChildProcess; said: () => string }> {
  const child = spawn(process.execPath, [MAIN, 'watch', '--alert'], {
    env: {
      PATH: process.env['PATH'],
      HEALTH_REDIS_HOST: '127.0.0.1',
      HEALTH_REDIS_PORT: String(valkey.port),
      HEALTH_PUBLISHING_INTERVAL: '0.5',
    },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  children.push(child)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  await expect.poll(() => said, soon).toContain('services that fall silent are noticed')
  return { child, said: () => said }
}

/** The machine may be held up, and all processes with it: that is nobody's delay. */
let heldUpMs = 0
let seenAt = performance.now()
const ticking = setInterval(() => {
  const now = performance.now()
  heldUpMs = Math.max(heldUpMs, now - seenAt)
  seenAt = now
}, 10)
afterAll(() => clearInterval(ticking))
const limitMs = () => 3000 * INTERVAL + 1000 + heldUpMs

/** How long after the last beat it was told that the service is silent. Milliseconds of the server. */
async function toldAfter(service: string): Promise<number> {
  const silent = async () => (await toldBy(redis, 'service_silent')).find((message) => message.service === service)
  await expect.poll(silent, soon).toBeDefined()
  return Date.parse((await silent())!.timestamp) - Number(await redis.zscore('{health}:services', service))
}

test(
  'the death of the last service is told within three publishing intervals and a second, also when the watcher dies',
  { timeout: 120_000 },
  async () => {
    const [first, second] = [await startWatcher(), await startWatcher()]
    const mine = 'It is the turn of this one.'
    await expect.poll(() => first.said() + second.said(), soon).toContain(mine)
    const services = [
      await startService({ redisPort: valkey.port, serviceName: 'one', publishingInterval: INTERVAL }),
      await startService({ redisPort: valkey.port, serviceName: 'two', publishingInterval: INTERVAL }),
    ] as const
    await services[0].kill()
    expect(await toldAfter('one')).toBeLessThanOrEqual(limitMs())

    // Now both die at once: the service, and the watcher whose turn it is.
    const [dying, other] = first.said().includes(mine) ? [first, second] : [second, first]
    dying.child.kill('SIGKILL')
    await services[1].kill()
    expect(await toldAfter('two')).toBeLessThanOrEqual(limitMs())
    await expect.poll(() => other.said(), soon).toContain('two is silent: service_silent was raised.')
    expect((await toldBy(redis, 'service_silent')).map(({ service, type }) => `${service} ${type}`)).toEqual(['one fired', 'two fired'])
    await expect.poll(() => other.said(), soon).toContain(mine)

    const ended = once(other.child, 'exit')
    other.child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(await redis.exists('{health}:watcher')).toBe(0)
  },
)
