/** A process that follows everything, as the relay and the panel do. Argument: port. */
import { SERVICE_SILENT } from '../src/catalogue.ts'
import { HealthSubscriber } from '../src/subscribe/health-subscriber.ts'
import { Latencies } from './scale-latencies.ts'

export interface SubscriberReport {
  readonly latencies: readonly number[]
  readonly services: number
  readonly instances: number
  readonly open: number
  readonly problems: number
  readonly transitions: number
  readonly messages: number
  readonly cpuMs: number
  /** Megabytes, now and the most so far. */
  readonly memory: number
  readonly mostMemory: number
  /** Megabytes of it that are in use. */
  readonly heap: number
  /** Services that were told to be silent: epoch milliseconds of the server. */
  readonly silent: readonly { readonly service: string; readonly at: number; readonly seconds: unknown }[]
  readonly gaps: number
}

const subscriber = new HealthSubscriber({ connection: { host: '127.0.0.1', port: Number(process.argv[2]) } })
const latencies = new Latencies()
const silent: SubscriberReport['silent'][number][] = []
let [transitions, messages] = [0, 0]
subscriber.on('message', ({ message }) => {
  messages++
  if (message.channel !== 'alerts') return
  transitions++
  latencies.heard(message.message)
  const { rule, type, service, timestamp, value } = message
  if (rule === SERVICE_SILENT && type === 'fired') silent.push({ service, at: Date.parse(timestamp), seconds: value?.current })
})
// Somebody looks at it.
let seen = 0
subscriber.on('view', ({ view }) => (seen = view.seq))
await subscriber.start()
process.on('message', () => {
  const { view, stats } = subscriber
  const { user, system } = process.cpuUsage()
  const report: SubscriberReport = {
    latencies: latencies.take(),
    services: view.services.length,
    instances: view.services.reduce((sum, { instances }) => sum + instances.length, 0),
    open: view.alerts.length,
    problems: view.problems?.length ?? 0,
    transitions,
    messages,
    cpuMs: (user + system) / 1000,
    memory: Math.round(process.memoryUsage.rss() / 2 ** 20),
    mostMemory: Math.round(process.resourceUsage().maxRSS / 1024),
    heap: Math.round(process.memoryUsage().heapUsed / 2 ** 20),
    silent,
    gaps: stats.gaps,
  }
  process.send?.(seen >= 0 ? report : undefined)
})
process.on('disconnect', () => void subscriber.stop())
process.send?.('ready')
