/**
 * What is seen of every Redis client that people have, by its oldest and newest version of each kind, talking to a real server; and that
 * the service gets what it got. Those of devDependencies are in test/instrument/clients.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { freePort } from '../../examples/valkey/free-port.ts'
import { type EmbeddedValkey, startValkey } from '../../examples/valkey/start-valkey.ts'
import type { DependencyEvidence } from '../../src/checks/dependency-evidence.ts'
import { watchDependencies } from '../../src/instrument/clients/dependencies.ts'
import { hookModules } from '../../src/instrument/hook/module-hook.ts'
import type { Cancel } from '../../src/types.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const run = promisify(execFile)

interface Connected {
  /** Sends a command and gives its answer. */
  readonly send: (command: string, ...args: string[]) => Promise<unknown>
  readonly close: () => unknown
}

interface Client {
  /** As npm is asked for it. */
  readonly package: string
  /** `module`: what `require` of the package gives. */
  readonly connect: (module: never, port: number) => Promise<Connected> | Connected
  /** What tells no command from another is not timed. */
  readonly untimed?: boolean
}

interface Ioredis {
  new (options: object): {
    on(event: string, listener: (...args: unknown[]) => void): unknown
    call?(command: string, ...args: string[]): Promise<unknown>
    disconnect(): void
    [command: string]: unknown
  }
}

/** Of versions that have no `call`, each command is a method. */
function ioredis(Redis: Ioredis, port: number): Connected {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: 0 })
  client.on('error', () => {})
  const methods = client as unknown as Readonly<Record<string, (...args: string[]) => Promise<unknown>>>
  return { send: (command, ...args) => methods[command]!(...args), close: () => client.disconnect() }
}

interface Callbacks {
  readonly createClient: (options: object) => {
    on(event: string, listener: (...args: unknown[]) => void): unknown
    send_command(command: string, args: string[], callback: (error: Error | null, reply: unknown) => void): void
    end(flush: boolean): void
  }
}

function callbacks({ createClient }: Callbacks, port: number): Connected {
  const client = createClient({ port, host: '127.0.0.1', retry_strategy: () => 20, enable_offline_queue: true })
  client.on('error', () => {})
  const send = (command: string, ...args: string[]): Promise<unknown> =>
    new Promise((resolve, reject) => client.send_command(command, args, (error, reply) => (error ? reject(error) : resolve(reply))))
  return { send, close: () => client.end(false) }
}

interface Sockets {
  readonly createClient: (options: object) => {
    on(event: string, listener: (...args: unknown[]) => void): unknown
    connect(): Promise<unknown>
    sendCommand(args: string[]): Promise<unknown>
    disconnect(): Promise<void>
  }
}

async function sockets({ createClient }: Sockets, port: number): Promise<Connected> {
  const client = createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: () => 20 } })
  client.on('error', () => {})
  await client.connect()
  return { send: (...args) => client.sendCommand(args), close: () => client.disconnect() }
}

interface Glide {
  readonly GlideClient: {
    readonly createClient: (options: object) => Promise<{ customCommand(args: string[]): Promise<unknown>; close(): void }>
  }
}

async function glide({ GlideClient }: Glide, port: number): Promise<Connected> {
  const client = await GlideClient.createClient({
    addresses: [{ host: '127.0.0.1', port }],
    requestTimeout: 500,
    connectionBackoff: { numberOfRetries: 3, factor: 20, exponentBase: 2 },
  })
  return { send: (...args) => client.customCommand(args), close: () => client.close() }
}

interface Handy {
  readonly createNodeRedisClient: (options: object) => {
    readonly nodeRedis: { on(event: string, listener: (...args: unknown[]) => void): unknown; end(flush: boolean): void }
    [command: string]: unknown
  }
}

function handy({ createNodeRedisClient }: Handy, port: number): Connected {
  const client = createNodeRedisClient({ port, host: '127.0.0.1', retry_strategy: () => 20 })
  client.nodeRedis.on('error', () => {})
  const methods = client as unknown as Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>
  return { send: (command, ...args) => methods[command]!(...args), close: () => client.nodeRedis.end(false) }
}

const CLIENTS: readonly Client[] = [
  { package: 'ioredis@3.0.0', connect: ioredis },
  { package: 'ioredis@3.2.2', connect: ioredis },
  { package: 'ioredis@4.0.0', connect: ioredis },
  { package: 'ioredis@4', connect: ioredis },
  { package: 'ioredis@5.0.0', connect: ioredis },
  { package: 'iovalkey@0.1.0', connect: ioredis },
  { package: 'iovalkey@0', connect: ioredis },
  { package: 'redis@2.8.0', connect: callbacks },
  { package: 'redis@3', connect: callbacks },
  { package: 'handy-redis@2', connect: handy },
  { package: 'redis@4.0.0', connect: sockets, untimed: true },
  { package: 'redis@4', connect: sockets, untimed: true },
  { package: 'redis@5.0.0', connect: sockets, untimed: true },
  { package: 'redis@5.11.0', connect: sockets, untimed: true },
  { package: 'redis@5.12.0', connect: sockets },
  { package: '@valkey/valkey-glide@2', connect: glide, untimed: true },
]
/** handy-redis takes the `redis` that it finds. */
const aliasOf = ({ package: name }: Client): string =>
  /^redis@[^3]|^ioredis|^iovalkey/.test(name) ? name.replaceAll(/[@.]/g, '_') : name.replace(/@[^@]*$/, '')

const clock = new VirtualClock()
const hook = hookModules()
let folder: string
let cancel: Cancel
let seen: DependencyEvidence[] = []
const summary = (): string[] => seen.map(({ ok, error, refused }) => (ok ? 'ok' : `${refused ? 'refused' : 'failed'} ${error}`))
const nextPeriod = (): void => clock.advance(1000)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-clients-'))
  const dependencies = Object.fromEntries(
    CLIENTS.map((client) => {
      const alias = aliasOf(client)
      return [alias, client.package.startsWith(alias) ? client.package.slice(alias.length + 1) : `npm:${client.package}`]
    }),
  )
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'clients', private: true, dependencies }))
  const npm = [process.env['npm_execpath'] ?? '', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
  await run(process.execPath, npm, { cwd: folder })
  cancel = watchDependencies({ hook, clock, onEvidence: (evidence) => seen.push(evidence) })
})
afterAll(async () => {
  cancel?.()
  hook.remove()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  nextPeriod()
  seen = []
})

describe.for(CLIENTS)('$package', (client) => {
  let valkey: EmbeddedValkey
  const connect = async (port: number): Promise<Connected> => {
    const require = createRequire(join(folder, 'package.json'))
    return client.connect(require(aliasOf(client)) as never, port)
  }
  beforeAll(async () => {
    valkey = await startValkey()
  })
  afterAll(() => valkey.stop())

  test('answers are told once a second, and are what they were', async () => {
    const { send, close } = await connect(valkey.port)
    expect(String(await send('set', 'key', 'value'))).toBe('OK')
    expect(String(await send('get', 'key'))).toBe('value')
    await expect.poll(() => seen.length, { interval: 5 }).toBeGreaterThan(0)
    const address = `127.0.0.1:${valkey.port}`
    expect(seen).toEqual([{ kind: 'redis', address, ok: true, ...(!client.untimed && { latencyMs: 0 }) }])
    nextPeriod()
    for (let i = 0; i < 5; i++) await send('get', 'key')
    expect(summary()).toEqual(['ok', 'ok'])
    nextPeriod()
    seen = []
    await expect(send('lpush', 'key', 'x')).rejects.toThrow('WRONGTYPE')
    expect(summary()).toEqual(['ok'])
    nextPeriod()
    seen = []
    await expect(send('eval', "return redis.error_reply('CLUSTERDOWN The cluster is down')", '0')).rejects.toThrow(/CLUSTERDOWN/i)
    expect(summary()).toEqual(['refused CLUSTERDOWN'])
    nextPeriod()
    seen = []
    await close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(seen).toEqual([])
  })

  test('a server that goes is a failure, and one that comes back is heard', async () => {
    const port = await freePort()
    const first = await startValkey({ port })
    const { send, close } = await connect(port)
    await send('get', 'key')
    seen = []
    await first.stop()
    nextPeriod()
    await expect
      .poll(() => (send('get', 'key').catch(() => {}), nextPeriod(), summary().join()), { interval: 20, timeout: 10_000 })
      .toMatch(/^(?:ok,)*failed \w+/)
    expect(seen.every(({ address }) => address === `127.0.0.1:${port}`)).toBe(true)
    const second = await startValkey({ port })
    seen = []
    await expect
      .poll(() => (send('get', 'key').catch(() => {}), nextPeriod(), summary().at(-1)), { interval: 20, timeout: 10_000 })
      .toBe('ok')
    await close()
    await second.stop()
  })
})
