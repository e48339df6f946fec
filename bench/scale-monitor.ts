/** A process with one real monitor, which has work to do: what it costs its service. Arguments: port, service. */
import { TrackerFetcherHealthMonitor } from '../src/kinds/tracker-fetcher/monitor.ts'

const [port, serviceName = 'monitored'] = process.argv.slice(2)
const CALLS_PER_SECOND = 10
const TRACKERS = 5

export interface MonitorReport {
  readonly cpuMs: number
  readonly memory: number
}

const monitor = new TrackerFetcherHealthMonitor({
  serviceName,
  redisHost: '127.0.0.1',
  redisPort: Number(port),
  exportsMetrics: false,
  env: {},
})
await monitor.start()
monitor.setAppleAccount('logged_in')
monitor.setAnisette('reachable')
setInterval(() => {
  const durationMs = 300 + Math.random() * 900
  const attempts = Array.from({ length: TRACKERS }, () => ({ success: true, reportsFound: 3 }))
  monitor.recordApiCall({ upstream: 'apple', durationMs })
  monitor.recordBatch({ tier: 'hot', attempts }, durationMs + 100)
  monitor.recordQueueSizes({ immediate: 0, hot: 20, warm: 30, cold: 100, retry: 1 })
}, 1000 / CALLS_PER_SECOND)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  const report: MonitorReport = { cpuMs: (user + system) / 1000, memory: Math.round(process.memoryUsage.rss() / 2 ** 20) }
  process.send?.(report)
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
