/** A service in a process of its own that does what the test tells it over IPC. */
import { diag, DiagLogLevel } from '@opentelemetry/api'

import { systemClock } from '../../src/clock.ts'
import { TrackerFetcherHealthMonitor } from '../../src/kinds/tracker-fetcher/monitor.ts'
import type { ChildOptions, ToChild } from './service-child.ts'

const { clockAheadMs = 0, rules, ...options } = JSON.parse(process.argv[2]!) as ChildOptions
const say = (message: object) => void process.send?.(message)
const line = (text: string) => say({ diag: text })
diag.setLogger({ error: line, warn: line, info: line, debug() {}, verbose() {} }, DiagLogLevel.INFO)
process.on('unhandledRejection', (error) => say({ unhandled: String(error) }))

const monitor = new TrackerFetcherHealthMonitor({
  ...options,
  env: { ...process.env, OTEL_METRICS_EXPORTER: 'none' },
  clock: { ...systemClock, epochMs: () => Date.now() + clockAheadMs },
  metricsInterval: 60,
  config: { rules: rules ?? { anisette_unreachable: { for: 0, keepFiring: 0.2 }, large_queue: { for: 0.5, keepFiring: 0.5 } } },
})
let due: number | undefined
const recordQueue = () => due !== undefined && monitor.recordQueueSizes({ immediate: due, hot: 0, warm: 0, cold: 0, retry: 0 })
setInterval(recordQueue, 100)

process.on('message', (message: ToChild) => {
  if (message.anisette) monitor.setAnisette(message.anisette)
  if (message.account) monitor.setAppleAccount(message.account)
  if (message.due !== undefined) {
    due = message.due
    recordQueue()
  }
  if (message.phase) monitor.setPhase(message.phase)
  if (message.stop) void monitor.stop(2000).then(() => process.disconnect?.())
  if (message.ask)
    void monitor
      .collectHealthData()
      .then(({ status, instanceStatus, alerts }) =>
        say({ asked: { status, instanceStatus, alerts: alerts.map(({ rule, state }) => `${rule} ${state}`) } }),
      )
})
process.once('disconnect', () => process.exit(0))

monitor.setAppleAccount('logged_in')
monitor.setAnisette(process.argv[3] === 'unreachable' ? 'unreachable' : 'reachable')
await monitor.start()
say({ started: true })
