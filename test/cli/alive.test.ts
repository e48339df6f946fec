/** `otel-health check --alive`: one process, whatever its service makes of the world; and nothing that is not known is CRITICAL. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { freePort } from '../../examples/valkey/free-port.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { runCommand } from '../../src/cli/command-line.ts'
import { systemClock } from '../../src/clock.ts'
import { ProbeServer } from '../../src/probe/probe-server.ts'
import type { Snapshot } from '../../src/types.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import { RedisRecord } from '../subscribe/record.ts'
import { snapshotOf } from '../wire/fixtures.ts'

let valkey: EmbeddedValkey
let redis: Redis
let record: RedisRecord
beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  record = new RedisRecord(redis)
})
beforeEach(() => redis.flushall())
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

async function alive(args: readonly string[], env: Record<string, string>): Promise<string> {
  let said = ''
  const code = await runCommand(['check', '--alive', ...args], {
    env,
    out: (line) => (said += line),
    talk: (line) => (said += `talk: ${line}`),
    redraw: undefined,
    signal: new AbortController().signal,
  })
  return `${code} ${said}`
}

describe('of a process that answers probes', () => {
  /** No health Redis is there: whoever asked it would be told so. */
  const ask = (port: number, env: Record<string, string> = {}, args: readonly string[] = []) =>
    alive(args, { HEALTH_REDIS_PORT: '1', HEALTH_HTTP_PORT: String(port), ...env })

  async function answering(whyNotAlive: string | undefined, host: string = '127.0.0.1'): Promise<number> {
    const port = await freePort()
    const health = (): never => {
      throw new Error('asked')
    }
    const server = new ProbeServer({
      port,
      host,
      token: undefined,
      clock: systemClock,
      probed: () => ({ whyNotAlive, phase: 'draining', health }),
    })
    cleanups.push(() => server.close())
    server.listen()
    await expect.poll(() => ask(port, { HEALTH_HTTP_HOST: host }), { timeout: 20_000 }).not.toContain('ECONNREFUSED')
    return port
  }

  async function listening(server: Server): Promise<number> {
    cleanups.push(() => server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return (server.address() as AddressInfo).port
  }

  test.for([
    { host: '127.0.0.1', at: '127.0.0.1' },
    { host: '0.0.0.0', at: '127.0.0.1' },
    { host: '::', at: '[::1]' },
  ])('alive, at $host', async ({ host, at }) => {
    const port = await answering(undefined, host)
    expect(await ask(port, { HEALTH_HTTP_HOST: host })).toBe(`0 OK - the process at ${at}:${port} is alive`)
  })

  test('not alive', async () => {
    const port = await answering('the last evaluation was 40 s ago (limit 30 s)')
    expect(await ask(port)).toBe(
      `2 CRITICAL - the process at 127.0.0.1:${port} is not alive: the last evaluation was 40 s ago (limit 30 s)`,
    )
  })

  test('nobody listens', async () => {
    const port = await freePort()
    expect(await ask(port)).toBe(`2 CRITICAL - nobody answers at 127.0.0.1:${port} (ECONNREFUSED)`)
  })

  test('a process that is frozen: it has the port and says nothing', async () => {
    const port = await listening(createServer())
    expect(await ask(port)).toBe(`2 CRITICAL - nobody answers at 127.0.0.1:${port} (no answer within 3 s)`)
  })

  test.for([
    { what: 'of another server', server: () => createHttpServer((_request, response) => response.end('hello')) },
    { what: 'of one that fails', server: () => createHttpServer((_request, response) => response.writeHead(503).end('maintenance')) },
    { what: 'of one without end', server: () => createHttpServer((_request, response) => void response.write('x'.repeat(100_000))) },
    { what: 'of something that is no HTTP', server: () => createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')) },
  ])('the port is one $what', async ({ server }) => {
    const port = await listening(server())
    expect(await ask(port)).toBe(
      `3 UNKNOWN - what answers at 127.0.0.1:${port} is no otel-health: HEALTH_HTTP_PORT is the port of something else`,
    )
  })

  test('who names a service besides is told that it is not looked at', async () => {
    expect(await ask(await freePort(), {}, ['mailer'])).toMatch(/^3 UNKNOWN - HEALTH_HTTP_PORT is set, .*: leave the name out$/)
  })

  test('a variable that cannot be used is UNKNOWN', async () => {
    expect(await alive([], { HEALTH_HTTP_PORT: 'http' })).toBe(
      '3 UNKNOWN - HEALTH_HTTP_PORT is "http", expected a whole number from 1 to 65535.',
    )
  })
})

describe('of a process that answers none', () => {
  const ask = (args: readonly string[], env: Record<string, string> = {}) =>
    alive(args, { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), ...env })

  let beats = 0
  async function beat(instance: string, change: Partial<Snapshot> = {}): Promise<void> {
    const snapshot = snapshotOf({
      at: Date.now(),
      service: 'mailer',
      instance,
      reasons: [],
      alerts: [],
      checks: {},
      metrics: {},
      ...change,
    })
    await record.beat({ service: 'mailer', instance, text: encodeStatus(snapshot, ++beats).json })
  }
  const missing = async (instance: string) => {
    await beat('other')
    await redis.zadd('{health}:instances:mailer', String(Date.now() - 100_000), instance)
  }

  test.for([
    {
      why: 'the only one, however ill',
      has: [['pod-1', { instanceStatus: 'unhealthy' }]],
      args: ['mailer'],
      is: /^0 OK - mailer\/pod-1 is alive, running: its last beat was \d+ s ago$/,
    },
    {
      why: 'one that is paused',
      has: [['pod-1', { phase: 'paused' }]],
      args: ['mailer/pod-1'],
      is: /^0 OK - mailer\/pod-1 is alive, paused: /,
    },
    {
      why: 'one of several',
      has: [
        ['pod-1', {}],
        ['pod-2', {}],
      ],
      args: ['mailer/pod-2'],
      is: /^0 OK - mailer\/pod-2 is alive/,
    },
    {
      why: 'one with a name that has a slash',
      has: [
        ['a/b', {}],
        ['pod-2', {}],
      ],
      args: ['mailer/a/b'],
      is: /^0 OK - mailer\/a\/b is alive/,
    },
    {
      why: 'several, and nobody says which',
      has: [
        ['pod-1', {}],
        ['pod-2', {}],
      ],
      args: ['mailer'],
      is: /^3 UNKNOWN - which instance of mailer\? alive are pod-[12], pod-[12]\. Usage: /,
    },
    {
      why: 'one that nobody has heard of',
      has: [['pod-1', {}]],
      args: ['mailer/pod-9'],
      is: /^3 UNKNOWN - mailer has no instance pod-9: alive are pod-1$/,
    },
    { why: 'of a service that nobody has heard of', has: [], args: ['nope'], is: /^3 UNKNOWN - no service named nope has been heard of$/ },
    { why: 'nobody says of which service', has: [], args: [], is: /^3 UNKNOWN - which service\? / },
  ] as const)('$why', async ({ has, args, is }) => {
    for (const [instance, change] of has) await beat(instance, change)
    expect(await ask(args)).toMatch(is)
  })

  test('one of which nothing has been heard for too long', async () => {
    await missing('pod-1')
    expect(await ask(['mailer/pod-1'])).toMatch(/^2 CRITICAL - mailer\/pod-1 is missing: its last beat was \d+ min ago$/)
  })

  test('the one that the environment names', async () => {
    await beat('pod-1')
    await beat('pod-2')
    const env = { OTEL_SERVICE_NAME: 'mailer', OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=pod-1' }
    expect(await ask([], env)).toMatch(/^0 OK - mailer\/pod-1 is alive/)
  })

  test('one whose beat cannot be read is not CRITICAL', async () => {
    await beat('pod-1')
    await redis.set('{health}:status:mailer:pod-1', '{"v":9}')
    expect(await ask(['mailer/pod-1'])).toMatch(/^3 UNKNOWN - mailer\/pod-1 cannot be read/)
  })

  test('a health Redis that is away is not CRITICAL: an outage restarts nobody', async () => {
    expect(await ask(['mailer'], { HEALTH_REDIS_PORT: '1' })).toMatch(/^3 UNKNOWN - No connection to the health Redis at 127\.0\.0\.1:1 /)
  })
})
