/** A process with many instances of many services. Its parent says which, how often alerts change, and how often it says something bare. */
import { Redis } from 'ioredis'

import type { RedisTarget } from '../src/wire/redis-client.ts'
import { BARE_CHANNEL } from './scale-channels.ts'
import { SimulatedInstance } from './scale-instance.ts'
import { minutesOfAFetcher } from './scale-minutes.ts'

/** From the parent. */
export type ToServices =
  | {
      readonly kind: 'begin'
      readonly target: RedisTarget
      readonly services: readonly string[]
      readonly instances: number
      readonly intervalMs: number
      readonly retentionMs: number
      /** The first beats are spread over so long, that the others are spread too. */
      readonly spreadMs: number
    }
  | {
      readonly kind: 'rates'
      /** A second. */
      readonly changes: number
      /** A second, of so many characters. */
      readonly bare: number
      readonly bareLength: number
    }
  | { readonly kind: 'report' }

export interface ServicesReport {
  readonly instances: number
  readonly changes: number
  readonly dropped: number
  readonly failed: number
  readonly cpuMs: number
}

const instances: SimulatedInstance[] = []
/** One of each service: what another has found already would be no transition. */
const changing: SimulatedInstance[] = []
const minutes = await minutesOfAFetcher(3, process.pid)
let redis: Redis | undefined
let timers: NodeJS.Timeout[] = []
let changes = 0

process.on('message', (message: ToServices) => {
  if (message.kind === 'begin') void begin(message)
  else if (message.kind === 'rates') setRates(message)
  else report()
})
process.on('disconnect', () => process.exit())
process.send?.('ready')

async function begin(options: Extract<ToServices, { kind: 'begin' }>): Promise<void> {
  const { target, spreadMs } = options
  redis ??= new Redis({ host: target.host, port: target.port, protocol: 2 })
  const begun = performance.now()
  const added = options.services.flatMap((service) =>
    Array.from({ length: options.instances }, () => new SimulatedInstance({ ...options, service, minutes })),
  )
  for (const [i, instance] of added.entries()) {
    // Neighbours of one service are far apart in time.
    const turn = ((i % options.instances) + Math.floor(i / options.instances) / options.services.length) / options.instances
    setTimeout(() => void instance.start(), Math.max(begun + turn * spreadMs - performance.now(), 0))
  }
  setTimeout(() => {
    instances.push(...added)
    changing.push(...added.filter((_, i) => i % options.instances === 0))
    process.send?.('begun')
  }, spreadMs + 500)
}

function setRates({ changes: perSecond, bare, bareLength }: Extract<ToServices, { kind: 'rates' }>): void {
  for (const timer of timers) clearInterval(timer)
  const padding = 'x'.repeat(Math.max(bareLength - 30, 0))
  timers = [
    ...(perSecond > 0 ? [setInterval(change, 1000 / perSecond)] : []),
    ...(bare > 0 ? [setInterval(() => void redis?.publish(BARE_CHANNEL, `{"sent":"${stamp()}","x":"${padding}"}`), 1000 / bare)] : []),
  ]
}

function change(): void {
  if (changing.length === 0) return
  changes++
  changing[Math.floor(Math.random() * changing.length)]!.change(changes, stamp())
}

/** When it was said, on the clock that processes of a machine share. */
function stamp(): string {
  return `sent=${process.hrtime.bigint()}`
}

function report(): void {
  const sum = (of: 'dropped' | 'failed') => instances.reduce((total, { exporter }) => total + exporter.stats[of], 0)
  const { user, system } = process.cpuUsage()
  const cpuMs = (user + system) / 1000
  const said: ServicesReport = { instances: instances.length, changes, dropped: sum('dropped'), failed: sum('failed'), cpuMs }
  process.send?.(said)
}
