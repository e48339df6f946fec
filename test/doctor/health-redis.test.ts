/** The health Redis in every state that can be had of a real Valkey, and servers that are none. */
import { createServer } from 'node:http'
import { createServer as createNetServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { checkServer, checkWriting, openHealthRedis, type HealthRedis } from '../../src/doctor/health-redis.ts'
import type { RedisTarget } from '../../src/wire/redis-client.ts'
import { aclLine } from '../../scripts/acl.ts'
import { SELF_SIGNED } from '../support/self-signed.ts'
import { closedPort, listening } from '../support/upstream.ts'
import { folderWith } from './project-folder.ts'

let valkey: EmbeddedValkey
let redis: Redis

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis({ port: valkey.port, host: '127.0.0.1' })
})
afterEach(async () => {
  await redis.config('SET', 'maxmemory', '0')
  await redis.config('SET', 'maxmemory-policy', 'noeviction')
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

const HOST = '127.0.0.1'

/** Closed after the test. */
async function opened(target: Partial<RedisTarget> = {}): Promise<HealthRedis> {
  const result = await openHealthRedis({ host: HOST, port: valkey.port, ...target })
  if ('status' in result) throw new Error(result.message)
  onTestFinished(() => result.close())
  return result
}

async function trouble(target: Partial<RedisTarget>): Promise<Finding> {
  const result = await openHealthRedis({ host: HOST, port: valkey.port, ...target })
  if ('status' in result) return result
  result.close()
  throw new Error('There is a connection.')
}

function named(findings: readonly Finding[], name: string): Finding | undefined {
  return findings.find((finding) => finding.name === name)
}

test('a server that is well: what it is, how fast, how full, that scripts and channels work', async () => {
  const target = { host: HOST, port: valkey.port }
  const server = await opened()
  const findings = [...(await checkServer(server, target, systemClock)), ...(await checkWriting(server, systemClock))]
  expect(findings).toEqual([
    {
      name: 'redis',
      status: 'ok',
      message: expect.stringMatching(/^Valkey 9\.\d+\.\d+ at 127\.0\.0\.1:\d+ answers in \d+\.\d ms$/) as string,
    },
    { name: 'redis-memory', status: 'ok', message: expect.stringMatching(/^\d+\.\d MB of 3072 MB used, nothing is evicted$/) as string },
    { name: 'redis-writes', status: 'ok', message: 'the script that writes alerts runs, streams included' },
    { name: 'redis-channel', status: 'ok', message: expect.stringMatching(/^a message comes back in \d+\.\d ms$/) as string },
  ])
})

describe('nothing stays behind', () => {
  test('no key, and whoever listens to the channels of health hears nothing', async () => {
    await redis.set('{health}:status:x:y', 'before')
    const before = await redis.keys('*')
    const ear = new Redis({ port: valkey.port, host: HOST })
    onTestFinished(() => ear.disconnect())
    const heard: string[] = []
    ear.on('pmessage', (_pattern: string, channel: string) => heard.push(channel))
    await ear.psubscribe('health:service:*', 'health:system:*')
    await checkWriting(await opened(), systemClock)
    // What had been published before the answer to this is heard before it.
    await redis.publish('health:service:end:status', '{}')
    await vi.waitUntil(() => heard.length > 0, { interval: 5 })
    expect(heard).toEqual(['health:service:end:status'])
    expect(await redis.keys('*')).toEqual(before)
    await redis.del('{health}:status:x:y')
  })

  test('no connection, nor a subscription', async () => {
    const connections = async () => Array.from(String(await redis.client('LIST')).matchAll(/^id=(\d+)/gm), ([, id]) => id)
    const before = await connections()
    const more = async () => (await connections()).filter((id) => !before.includes(id))
    const server = await opened()
    await checkWriting(server, systemClock)
    expect(await more()).toHaveLength(2)
    expect(await redis.pubsub('CHANNELS')).toEqual([])
    server.close()
    await vi.waitUntil(async () => (await more()).length === 0, { interval: 5 })
  })
})

describe('memory', () => {
  test.for([
    { why: 'a server that evicts may lose open alerts', memory: '100mb', policy: 'allkeys-lru', status: 'warn', says: /allkeys-lru/ },
    { why: 'so may one that evicts only what expires', memory: '100mb', policy: 'volatile-ttl', status: 'warn', says: /volatile-ttl/ },
    { why: 'one that is nearly full soon takes nothing', memory: 'nearly', policy: 'noeviction', status: 'warn', says: /soon it takes/ },
    {
      why: 'one with room enough is well',
      memory: '100mb',
      policy: 'noeviction',
      status: 'ok',
      says: /of 100 MB used, nothing is evicted/,
    },
  ])('$why', async ({ memory, policy, status, says }) => {
    const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1])
    await redis.config('SET', 'maxmemory', memory === 'nearly' ? String(Math.round(used * 1.02)) : memory)
    await redis.config('SET', 'maxmemory-policy', policy)
    const found = named(await checkServer(await opened(), { host: HOST, port: valkey.port }, systemClock), 'redis-memory')
    expect(found).toMatchObject({ status, message: expect.stringMatching(says) as string })
  })
})

describe('a server that refuses to be written to', () => {
  test('because it is full', async () => {
    const server = await opened()
    await redis.config('SET', 'maxmemory', '1')
    const findings = await checkWriting(server, systemClock)
    expect(findings).toMatchObject([
      { name: 'redis-writes', status: 'fail', message: 'the server is full and takes nothing more' },
      { name: 'redis-channel', status: 'skip' },
    ])
  })

  test('because it is a replica', async () => {
    const replica = await startValkey()
    onTestFinished(() => replica.stop())
    const other = new Redis({ port: replica.port, host: HOST })
    onTestFinished(() => other.disconnect())
    await other.replicaof(HOST, await closedPort())
    const [writes] = await checkWriting(await opened({ port: replica.port }), systemClock)
    expect(writes).toMatchObject({
      status: 'fail',
      message: 'the server is a read-only replica',
      mend: expect.stringContaining('primary') as string,
    })
  })

  test('because the user may not', async () => {
    await redis.acl('SETUSER', 'reader', 'on', '>pw', '~*', '&*', '+@read', '+@connection', '+info', '+subscribe', '+unsubscribe')
    const [writes] = await checkWriting(await opened({ username: 'reader', password: 'pw' }), systemClock)
    expect(writes).toMatchObject({ status: 'fail', message: 'the server does not allow this user what otel-health does' })
  })

  test('and a user as that sentence says may', async () => {
    // INFO is not needed: it only says more about the server.
    await redis.call('ACL', 'SETUSER', 'health', ...aclLine('service', false).trim().split(' ').slice(2), '-info', '>pw')
    const server = await opened({ username: 'health', password: 'pw' })
    expect(await checkWriting(server, systemClock)).toMatchObject([{ status: 'ok' }, { status: 'ok' }])
    const [kind, memory] = await checkServer(server, { host: HOST, port: valkey.port }, systemClock)
    expect(kind).toMatchObject({ status: 'ok', message: expect.stringMatching(/^a server that keeps its INFO to itself/) as string })
    expect(memory).toMatchObject({ status: 'skip' })
  })
})

describe('no connection', () => {
  test.for([
    {
      why: 'a password for a user that is not there',
      target: { username: 'me', password: 'secret' },
      says: /refuses the user or the password/,
    },
    { why: 'a name that has no address', target: { host: 'nobody.invalid' }, says: /the name of the host has no address/ },
    { why: 'cluster mode, but no cluster', target: { clusterMode: true }, says: /the server is no cluster/ },
    { why: 'TLS, but the server speaks none', target: { tls: true }, says: /does not answer a TLS handshake/ },
    {
      why: 'a file of certificates that is not there',
      target: { tls: true, caFile: '/nowhere/ca.pem' },
      says: /HEALTH_REDIS_CA cannot be read/,
    },
  ])('$why', async ({ target, says }) => {
    const found = await trouble(target)
    expect(found).toMatchObject({ name: 'redis', status: 'fail', message: expect.stringMatching(says) as string })
    expect(found.mend).toMatch(/^[A-Z].*\.$/)
    expect(JSON.stringify(found)).not.toContain('secret')
  })

  test('nobody listens', async () => {
    expect(await trouble({ port: await closedPort() })).toMatchObject({
      message: expect.stringMatching(/: nobody listens there$/) as string,
    })
  })

  test.for([
    { why: 'a password is wanted', target: {}, says: /wants a password/ },
    { why: 'another password is wanted', target: { password: 'wrong' }, says: /refuses the user or the password/ },
  ])('$why', async ({ target, says }) => {
    await redis.config('SET', 'requirepass', 'right')
    try {
      expect((await trouble(target)).message).toMatch(says)
    } finally {
      await redis.config('SET', 'requirepass', '')
    }
  })

  test('the server is frozen: its kernel accepts connections, but nobody answers', async () => {
    const frozen = await startValkey()
    onTestFinished(() => frozen.stop())
    frozen.kill('SIGSTOP')
    expect((await trouble({ port: frozen.port })).message).toMatch(/accepts connections, but does not answer/)
  })

  test('a web server is there', async () => {
    const server = createServer((_, res) => res.end('hello'))
    onTestFinished(() => void server.close())
    expect((await trouble({ port: await listening(server) })).message).toMatch(/answers, but is no Redis/)
  })

  test('the server hangs up', async () => {
    const server = createNetServer((socket) => socket.on('data', () => socket.destroy()).on('error', () => {}))
    onTestFinished(() => void server.close())
    const found = await trouble({ port: await listening(server) })
    expect(found).toMatchObject({
      message: expect.stringMatching(/hangs up/) as string,
      mend: expect.stringContaining('HEALTH_REDIS_TLS=true') as string,
    })
  })

  test('its certificate is signed by nobody known here', async () => {
    const server = createTlsServer(SELF_SIGNED, (socket) => socket.on('error', () => {})).on('tlsClientError', () => {})
    onTestFinished(() => void server.close())
    const found = await trouble({ port: await listening(server), tls: true })
    expect(found).toMatchObject({
      message: expect.stringMatching(/signed by nobody known here/) as string,
      mend: expect.stringContaining('HEALTH_REDIS_CA') as string,
    })
  })

  test('its certificate is for another name', async () => {
    const server = createTlsServer(SELF_SIGNED, (socket) => socket.on('error', () => {})).on('tlsClientError', () => {})
    onTestFinished(() => void server.close())
    const caFile = join(folderWith({ 'ca.pem': SELF_SIGNED.cert }), 'ca.pem')
    const found = await trouble({ host: '127.0.0.2', port: await listeningOn('127.0.0.2', server), tls: true, caFile })
    expect(found.message).toMatch(/is for another name/)
  })
})

async function listeningOn(host: string, server: ReturnType<typeof createTlsServer>): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, host, resolve))
  return (server.address() as { port: number }).port
}

/** A server that answers INFO with this, and everything else with PONG. */
async function tellingServer(info: string): Promise<number> {
  const server = createNetServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (data) => socket.write(/info/i.test(String(data)) ? `$${info.length}\r\n${info}\r\n` : '+PONG\r\n'))
  })
  onTestFinished(() => void server.close())
  return await listening(server)
}

describe('what a server says of itself', () => {
  test.for([
    { why: 'a Sentinel', info: 'redis_version:7.2.0\r\nredis_mode:sentinel', status: 'fail', says: /is a Sentinel/ },
    {
      why: 'a node of a cluster',
      info: 'redis_version:7.2.0\r\nredis_mode:cluster\r\ncluster_enabled:1',
      status: 'fail',
      says: /a node of a cluster/,
    },
    {
      why: 'Dragonfly',
      info: 'redis_version:7.4.0\r\ndragonfly_version:df-v1.40.1\r\nredis_mode:standalone',
      status: 'ok',
      says: /^Dragonfly 1\.40\.1 at/,
    },
    { why: 'Redis', info: 'redis_version:7.0.15\r\nredis_mode:standalone', status: 'ok', says: /^Redis 7\.0\.15 at/ },
  ])('$why', async ({ info, status, says }) => {
    const port = await tellingServer(info)
    const [kind] = await checkServer(await opened({ port }), { host: HOST, port }, systemClock)
    expect(kind).toMatchObject({ name: 'redis', status, message: expect.stringMatching(says) as string })
  })

  test('Dragonfly as a cache throws out what does not fit', async () => {
    const port = await tellingServer('dragonfly_version:df-v1.40.1\r\nused_memory:1000000\r\nmaxmemory:268435456\r\ncache_mode:cache')
    const [, memory] = await checkServer(await opened({ port }), { host: HOST, port }, systemClock)
    expect(memory).toMatchObject({ status: 'warn', message: expect.stringContaining('cache_mode') as string })
  })
})
