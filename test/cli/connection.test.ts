/** What is said where a command came to nothing in the health Redis: whether it is there at all, and what to do. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { runCommand } from '../../src/cli/command-line.ts'
import { lost } from '../../src/cli/connection.ts'
import { CONTROL_ACTIONS } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'
import { isAlive } from '../support/asked-service.ts'

const names = shardNames()
let valkey: EmbeddedValkey
let redis: Redis

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

async function pause(): Promise<{ code: number; talk: string }> {
  let talk = ''
  const code = await runCommand(['ctl', 'pause', 'mailer', '-m', 'a larger disk', '--no-wait'], {
    env: { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), USER: 'ann' },
    out: () => {},
    talk: (line) => (talk += line),
    redraw: undefined,
    signal: new AbortController().signal,
  })
  return { code, talk }
}

test.for(['requests', 'down', 'audit'] as const)(
  'a key of %s that somebody else has written is no lost connection, and nothing is asked of which there is no record',
  async (what) => {
    await redis.flushall()
    await isAlive(redis, names, { instance: 'i1', control: CONTROL_ACTIONS })
    const key = what === 'audit' ? names.audit : names[what]('mailer')
    await redis.set(key, 'rubbish')
    expect(await pause()).toEqual({
      code: 1,
      talk: `The health Redis at 127.0.0.1:${valkey.port}: a key of otel-health holds what is not of otel-health. Look who else writes to keys that begin with {health}, and delete what they have written.`,
    })
    await redis.del(key)
    expect([await redis.xlen(names.requests('mailer')), await redis.exists(names.desired('mailer'))]).toEqual([0, 0])
  },
)

test('a connection that is closed in the middle of a command is told in our words, not in those of the client', async () => {
  const closed = new Redis(valkey.port, { maxRetriesPerRequest: 0, retryStrategy: () => 1000, lazyConnect: true })
  closed.on('error', () => {})
  await closed.connect()
  const waiting = closed.blpop('nothing', 0).catch((error: unknown) => error)
  await expect.poll(() => redis.client('LIST'), { timeout: 20_000 }).toContain('cmd=blpop')
  await redis.client('KILL', 'ID', await closedId())
  const { message, exitCode } = lost({ host: '127.0.0.1', port: valkey.port }, await waiting)
  closed.disconnect()
  expect(exitCode).toBe(3)
  expect(message).toMatch(/^No connection to the health Redis at 127\.0\.0\.1:\d+ \(connection closed\): is it running/)

  async function closedId(): Promise<string> {
    return /id=(\d+)[^\n]*cmd=blpop/.exec((await redis.client('LIST')) as string)![1]!
  }
})
