/** The programs as processes: they start on addresses from the environment and end by themselves when asked. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'
import { startValkey } from '../../examples/valkey/start-valkey.ts'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const program = (path: string, env: Record<string, string>): ChildProcess => {
  const file = fileURLToPath(new URL(`../../examples/${path}`, import.meta.url))
  const child = fork(file, { env: { ...process.env, ...env }, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  children.push(child)
  return child
}

const exit = async (child: ChildProcess): Promise<unknown[]> => {
  return await once(child, 'exit')
}

interface Addresses {
  readonly apple: string
  readonly anisette: string
  readonly control: string
  readonly accounts: unknown
  readonly fleetSecret: string
  /** With SIM_SIBLINGS. */
  readonly store?: string
  readonly fences?: string
  readonly nominatim?: string
  readonly photon?: string
  readonly gateway?: string
}

const startSimulatorProcess = async (env: Record<string, string> = {}): Promise<{ child: ChildProcess; addresses: Addresses }> => {
  const child = program('simulators/main.ts', { SIM_TRACKERS: '8', SIM_ACCOUNTS: '2', SIM_LATENCY_SCALE: '0', ...env })
  const [addresses] = (await once(child, 'message')) as [Addresses]
  return { child, addresses }
}

const REPORT = { trackerId: 'a', latitude: 52, longitude: 13, at: Date.UTC(2026, 0), fetchedAt: Date.UTC(2026, 0) }
const EVENT = { trackerId: 'a', fence: 'depot', transition: 'enter', at: Date.UTC(2026, 0), enqueuedAt: Date.UTC(2026, 0) }

describe('processes', () => {
  test('the simulators end on SIGTERM, and when their parent goes away', async () => {
    const asked = await startSimulatorProcess()
    expect((await fetch(`${asked.addresses.control}/faults`)).status).toBe(200)
    const askedExit = exit(asked.child)
    asked.child.kill('SIGTERM')
    expect(await askedExit).toEqual([0, null])

    const orphan = await startSimulatorProcess()
    const orphanExit = exit(orphan.child)
    orphan.child.disconnect()
    expect(await orphanExit).toEqual([0, null])
  })

  test('the simulators listen on SIM_HOST, under the name that their addresses say', async () => {
    const { addresses } = await startSimulatorProcess({ SIM_HOST: 'localhost' })
    for (const address of [addresses.apple, addresses.anisette, addresses.control]) {
      expect(address).toMatch(/^http:\/\/localhost:\d+$/)
      expect((await fetch(address)).ok).toBe(address === addresses.anisette)
    }
  })

  test('the service fetches, and ends with 0 on SIGTERM with nothing left leased', { timeout: 15_000 }, async () => {
    const valkey = await startValkey()
    const { addresses } = await startSimulatorProcess()
    const service = program('tracker-fetcher/service.ts', {
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(valkey.port),
      APPLE_URL: addresses.apple,
      ANISETTE_URL: addresses.anisette,
      APPLE_ACCOUNTS: JSON.stringify(addresses.accounts),
      FLEET_SECRET: addresses.fleetSecret,
      TRACKER_COUNT: '8',
      POLL_MIN_MS: '100',
      POLL_MAX_MS: '200',
      ACCOUNT_INTERVAL_MS: '0',
      IDLE_POLL_MS: '50',
    })
    // The channel of fork is the test's, not the service's: it would keep no process of its own alive.
    service.disconnect()
    const events: Record<string, unknown>[] = []
    // Once: a second signal ends the service at once, and more than one account may log in.
    let asked = false
    for await (const line of createInterface({ input: service.stdout! })) {
      const event = JSON.parse(line) as Record<string, unknown>
      events.push(event)
      if (asked || event.event !== 'account' || event.to !== 'logged_in') continue
      asked = service.kill('SIGTERM')
    }
    expect(service.exitCode ?? (await exit(service))[0]).toBe(0)
    const stopped = events.find(({ event }) => event === 'stopped') as {
      leased: number
      attempted: number
      skipped: number
      released: number
    }
    expect(stopped.leased).toBeGreaterThan(0)
    expect(stopped.leased).toBe(stopped.attempted + stopped.skipped + stopped.released)
    await valkey.stop()
  })

  test.for([
    {
      service: 'location-aggregator',
      env: { STORE_URL: 'store' },
      list: 'location:reports',
      item: REPORT,
      stopped: { received: 1, merged: 1 },
    },
    {
      service: 'realtime-geofence',
      env: { FENCES_URL: 'fences' },
      list: 'geofence:positions',
      item: REPORT,
      stopped: { evaluated: { late: 1 } },
    },
    {
      service: 'geocoding',
      env: { NOMINATIM_URL: 'nominatim', PHOTON_URL: 'photon' },
      list: 'geocode:requests',
      item: { cell: '1,1' },
      stopped: { resolved: 1 },
    },
    {
      service: 'notification',
      env: { GATEWAY_URL: 'gateway' },
      list: 'notification:events',
      item: EVENT,
      stopped: { deliveries: { push: { sent: 1 } } },
    },
  ])(
    '$service does what is in its queue, and ends with 0 on SIGTERM',
    { timeout: 15_000 },
    async ({ service, env, list, item, stopped }) => {
      const valkey = await startValkey()
      const redis = new Redis(valkey.port, '127.0.0.1')
      const { addresses } = await startSimulatorProcess({ SIM_SIBLINGS: 'true' })
      const urls = Object.fromEntries(
        Object.entries(env).map(([name, simulator]) => [name, String(addresses[simulator as keyof Addresses])]),
      )
      await redis.rpush(list, JSON.stringify(item))
      const child = program(`${service}/service.ts`, {
        REDIS_HOST: '127.0.0.1',
        REDIS_PORT: String(valkey.port),
        IDLE_POLL_MS: '20',
        ...urls,
      })
      child.disconnect()
      const lines: string[] = []
      createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line))
      await expect.poll(async () => (await redis.keys(`${list}*`)).length, { timeout: 10_000 }).toBe(0)
      // Its push comes after the event.
      await expect.poll(async () => (await redis.keys('notification:outbox*')).length, { timeout: 10_000 }).toBe(0)
      child.kill('SIGTERM')
      expect(await exit(child)).toEqual([0, null])
      expect(JSON.parse(lines.at(-1)!)).toMatchObject({ event: 'stopped', ...stopped })
      redis.disconnect()
      await valkey.stop()
    },
  )

  test('a wrong configuration ends the start with one sentence', async () => {
    const service = program('tracker-fetcher/service.ts', { APPLE_URL: 'apple' })
    const chunks: Buffer[] = []
    service.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
    const [[code]] = await Promise.all([exit(service), once(service.stderr!, 'close')])
    expect(code).toBe(1)
    expect(Buffer.concat(chunks).toString()).toContain('APPLE_URL is "apple"; expected a URL such as http://127.0.0.1:6969')
  })
})
