/** A process that is the panel's server, and does nothing else. Argument: port of Redis. */
import { keepHeapSmall } from '../src/cli/small-heap.ts'
import { createPanel, listen } from '../src/panel.ts'

/** The first message of the process. */
export interface PanelBegun {
  readonly url: string
}

export interface PanelReport {
  readonly cpuMs: number
  /** Megabytes, now and the most so far. */
  readonly memory: number
  readonly mostMemory: number
}

keepHeapSmall()
const panel = createPanel({ connection: { host: '127.0.0.1', port: Number(process.argv[2]) } })
await panel.start()
const listening = await listen(panel, { host: '127.0.0.1', port: 0 })
process.on('disconnect', () => void listening.close())
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  const report: PanelReport = {
    cpuMs: (user + system) / 1000,
    memory: Math.round(process.memoryUsage.rss() / 2 ** 20),
    mostMemory: Math.round(process.resourceUsage().maxRSS / 1024),
  }
  process.send?.(report)
})
process.send?.({ url: listening.url } satisfies PanelBegun)
