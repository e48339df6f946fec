/**
 * The simulators as a process, with SIM_SIBLINGS=true also those of the services beside the tracker fetcher. Prints one line of JSON with the addresses and the accounts, and sends the same to a parent that has a
 * channel. Ends on SIGTERM or SIGINT, or when the parent goes away.
 */
import { startSimulators, type SimulatorOptions } from './start.ts'

const { env } = process

const SERVERS = ['apple', 'anisette', 'control', 'store', 'fences', 'nominatim', 'photon', 'gateway'] as const

const number = (name: string): number | undefined => {
  const text = env[name]
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name} is ${JSON.stringify(text)}; expected a number of at least 0`)
  return value
}

/** Only what is set, so that everything else has its default. */
const set = <Key extends keyof SimulatorOptions>(key: Key, value: SimulatorOptions[Key] | undefined): Partial<SimulatorOptions> =>
  value === undefined ? {} : { [key]: value }

const simulators = await startSimulators({
  seed: number('SIM_SEED') ?? 1,
  trackers: number('SIM_TRACKERS') ?? 40,
  accounts: number('SIM_ACCOUNTS') ?? 3,
  latency: 'real',
  siblings: env.SIM_SIBLINGS === 'true',
  ports: Object.fromEntries(SERVERS.map((name) => [name, number(`SIM_${name.toUpperCase()}_PORT`) ?? 0])),
  ...set('host', env.SIM_HOST || undefined),
  ...set('fleetSecret', env.FLEET_SECRET),
  ...set('latencyScale', number('SIM_LATENCY_SCALE')),
  ...set('worldSpeed', number('SIM_WORLD_SPEED')),
  ...set('historyHours', number('SIM_HISTORY_HOURS')),
})

const { apple, anisette, control, accounts, fleetSecret } = simulators
const addresses = { apple, anisette, control, accounts, fleetSecret, ...simulators.siblings?.addresses }
console.log(JSON.stringify(addresses))
process.send?.(addresses)

const stop = (): void => {
  // The channel to the parent would keep the process alive.
  if (process.connected) process.disconnect?.()
  void simulators.stop()
}
for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, stop)
