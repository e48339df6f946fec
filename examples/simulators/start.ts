import { systemClock, type Clock } from '../service/clock.ts'
import { splitFleet, type FleetSize } from '../tracker-fetcher/fleet.ts'
import { anisetteServer } from './anisette-server.ts'
import { appleServer } from './apple-server.ts'
import { controlServer } from './control-server.ts'
import { Faults, type FaultName, type FaultSettings } from './faults.ts'
import { Ledger, type LedgerSummary, type Upstream } from './ledger.ts'
import { seededRandom } from './random.ts'
import { SimAccounts } from './sim-accounts.ts'
import { siblingServers, type SiblingName, type Siblings } from './siblings.ts'
import { World } from './world.ts'

export interface SimulatorOptions {
  readonly seed: number
  /** Trackers in all (a quarter hot, a quarter warm, the rest cold) or per tier. */
  readonly trackers: number | FleetSize
  /** How many Apple accounts there are: `account-1`, `account-2`… */
  readonly accounts: number
  /** Must be the service's own FLEET_SECRET. */
  readonly fleetSecret?: string
  /** Where the servers listen, as their addresses say it: a name or an IPv4 address of this machine. Default 127.0.0.1. */
  readonly host?: string
  /** Any free port unless said. */
  readonly ports?: Partial<Record<Upstream | 'control' | SiblingName, number>>
  /** Whether to start the simulators of the other services too: location store, fence registry, geocoders and gateway. Default false. */
  readonly siblings?: boolean
  /** `real` waits before answering; `stated` answers at once and says in `x-sim-latency-ms` how long it would have taken. */
  readonly latency: 'real' | 'stated'
  /** Factor on latencies whose median for a fetch is 450 ms. Default: 0.18 (80 ms) where they are real, else 1. */
  readonly latencyScale?: number
  /** Epoch milliseconds. With `sleep`, the clock all of it runs on; default is the process's. */
  readonly now?: () => number
  readonly sleep?: Clock['sleep']
  /** Makes the world's reports, commutes and upload delays so many times faster than life. Default 1. */
  readonly worldSpeed?: number
  /** How much of the past has reports at the start, at most 168. Default 168. */
  readonly historyHours?: number
  /** Newest reports returned per tracker, at most. Default 20. */
  readonly reportCap?: number
  /** When the client gives up, which the ledger must know where latency is only stated. Default 30 s for Apple, 5 s for the others. */
  readonly clientTimeoutMs?: Partial<Record<Upstream | 'siblings', number>>
}

export interface Simulators {
  /** Base URLs. */
  readonly apple: string
  readonly anisette: string
  readonly control: string
  /** What the service logs in with. */
  readonly accounts: readonly { readonly alias: string; readonly appleId: string; readonly password: string }[]
  readonly fleetSecret: string
  readonly ledger: Ledger
  /** If they were asked for. */
  readonly siblings: Siblings | undefined
  /** Same as PUT and DELETE /faults/<name>. Reject with FaultError. */
  setFault(name: FaultName, settings?: FaultSettings): Promise<void>
  clearFault(name: FaultName): Promise<void>
  /** Same as POST /accounts/submit-code: somebody confirms the login on a trusted device. All accounts unless one is named. */
  submitCode(alias?: string): void
  /** Same as GET /ledger. */
  summary(): LedgerSummary
  stop(): Promise<void>
}

/** Faults of what is reported, and not of who answers. */
const WORLD_FAULT = /^(?:world|reports)\./

/** Starts Apple, anisette and the control server, and what else was asked for. */
export async function startSimulators(options: SimulatorOptions): Promise<Simulators> {
  const { seed, latency, host, ports = {}, fleetSecret = 'simulated fleet' } = options
  const clock: Clock = { ...systemClock, ...(options.now && { now: options.now }), ...(options.sleep && { sleep: options.sleep }) }
  const accounts = new SimAccounts(options.accounts, seededRandom(seed, 'accounts'))
  const ledger = new Ledger()
  const timing = { clock, latency, latencyScale: options.latencyScale ?? (latency === 'real' ? 0.18 : 1) }
  const timeouts = { apple: 30_000, anisette: 5_000, siblings: 5_000, ...options.clientTimeoutMs }
  const traffic = { ...timing, ledger, random: seededRandom(seed, 'latency'), clientTimeoutMs: timeouts }

  const faults = new Faults({
    clock,
    random: seededRandom(seed, 'faults'),
    aliases: accounts.list.map(({ alias }) => alias),
    siblings: options.siblings === true,
    switching(name) {
      if (WORLD_FAULT.test(name)) world.advance(clock.now())
    },
    async switched(name, settings, before) {
      const on = settings !== undefined
      const affected = accounts.matching((settings ?? before)?.account)
      if (name === 'anisette.down') await (on ? anisette.close() : anisette.open())
      else if (name === 'auth.2fa') {
        for (const account of affected) {
          account.wants2fa = on
          if (on) accounts.revoke(account, name)
        }
      } else if (name === 'auth.revoke' && on && settings.every_n === undefined && settings.probability === undefined) {
        for (const account of affected) accounts.revoke(account, name)
      } else await siblings?.switched(name, on, settings ?? before)
    },
  })
  const world = new World({
    seed,
    fleetSecret,
    fleet: typeof options.trackers === 'number' ? splitFleet(options.trackers) : options.trackers,
    startAt: clock.now(),
    historyHours: Math.min(168, options.historyHours ?? 168),
    speed: options.worldSpeed ?? 1,
    reportCap: options.reportCap ?? 20,
    faults,
  })
  const submitCode = (alias?: string): void => {
    for (const account of accounts.matching(alias)) account.wants2fa = false
  }

  const anisette = anisetteServer(traffic, faults, { host, port: ports.anisette })
  const apple = appleServer(traffic, { world, accounts, faults }, { host, port: ports.apple })
  const siblings = options.siblings
    ? siblingServers({ seed, traffic: { ...timing, clientTimeoutMs: timeouts.siblings }, faults, host, ports })
    : undefined
  const control = controlServer({ faults, ledger, siblings, accounts, submitCode }, { host, port: ports.control })
  const servers = [control, apple, anisette, ...(siblings?.servers ?? [])]
  try {
    for (const server of servers) await server.open()
  } catch (error) {
    for (const server of servers) await server.close()
    throw error
  }

  return {
    apple: apple.url,
    anisette: anisette.url,
    control: control.url,
    accounts: accounts.list.map(({ alias, appleId, password }) => ({ alias, appleId, password })),
    fleetSecret,
    ledger,
    siblings,
    setFault: (name, settings) => faults.set(name, settings),
    clearFault: (name) => faults.clear(name),
    submitCode,
    summary: () => ledger.summary(),
    async stop() {
      await faults.clearAll()
      for (const server of servers) await server.close()
    },
  }
}
