/** A process with the data side of the panel, and people who look at it. Arguments: port, how many look. */
import { createPanelData } from '../src/panel/data/create-panel-data.ts'

export interface PanelReport {
  readonly cpuMs: number
  /** Megabytes, now and the most so far. */
  readonly memory: number
  readonly mostMemory: number
  readonly changes: number
  readonly transitions: number
  /** Characters that each of the lookers was told. */
  readonly told: number
  readonly services: number
  readonly open: number
}

const [port, lookers] = process.argv.slice(2).map(Number)
const data = createPanelData({ connection: { host: '127.0.0.1', port: port! } })
await data.start()
const counts = { change: 0, transition: 0 }
let told = 0
for (let i = 0; i < lookers!; i++) {
  data.feed.listen(({ event, json }) => {
    if (i > 0) return
    counts[event]++
    told += json.length
  })
}
process.on('message', () => void report())
process.on('disconnect', () => void data.stop())
process.send?.('ready')

async function report(): Promise<void> {
  const { now } = data.feed.latest()
  // Each looker has thirty services on the screen.
  await data.bars(now.services.slice(0, 30).map(({ service }) => service))
  const { user, system } = process.cpuUsage()
  const said: PanelReport = {
    cpuMs: (user + system) / 1000,
    memory: Math.round(process.memoryUsage.rss() / 2 ** 20),
    mostMemory: Math.round(process.resourceUsage().maxRSS / 1024),
    changes: counts.change,
    transitions: counts.transition,
    told,
    services: now.services.length,
    open: now.alerts.length,
  }
  process.send?.(said)
}
