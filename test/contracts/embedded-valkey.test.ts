import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'

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

test('a round trip does not wait for the next tick of the server', async () => {
  await redis.ping()
  const times: number[] = []
  for (let i = 0; i < 50; i++) {
    const start = performance.now()
    await redis.ping()
    times.push(performance.now() - start)
  }
  expect(times.toSorted((a, b) => a - b)[25]).toBeLessThan(20)
})

test('a command larger than one socket read is answered at once', async () => {
  const large = 'x'.repeat(300_000)
  const start = performance.now()
  await redis.set('large', large)
  expect(await redis.get('large')).toBe(large)
  expect(performance.now() - start).toBeLessThan(500)
})

test('messages, scripts by hash and streams work', async () => {
  const subscriber = new Redis(valkey.port)
  await subscriber.subscribe('news')
  const message = once(subscriber, 'message')
  const sha = (await redis.script(
    'LOAD',
    `return redis.call('PUBLISH', ARGV[1], redis.call('XADD', KEYS[1], '5-1', 'd', ARGV[2]))`,
  )) as string
  expect(await redis.evalsha(sha, 1, 'stream', 'news', 'hello')).toBe(1)
  expect(await message).toEqual(['news', '5-1'])
  expect(await redis.xrange('stream', '-', '+')).toEqual([['5-1', ['d', 'hello']]])
  subscriber.disconnect()
})

test('a port that is taken is an error that says so', async () => {
  await expect(startValkey({ port: valkey.port })).rejects.toThrow(`Valkey did not start on port ${valkey.port}: listen EADDRINUSE`)
})

test('the server ends with the process that started it, however that ends', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'otel-health-')), 'parent.ts')
  const module = new URL('../../examples/valkey/start-valkey.ts', import.meta.url).href
  await writeFile(
    file,
    `import { startValkey } from ${JSON.stringify(module)}\nprocess.send!((await startValkey()).port)\nsetInterval(() => {}, 1000)\n`,
  )
  const parent = fork(file, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] })
  const [port] = (await once(parent, 'message')) as [number]
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  parent.kill('SIGKILL')
  await expect(closed).resolves.toBeDefined()
})
