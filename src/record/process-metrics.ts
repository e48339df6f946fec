/** Basic figures of the process itself, read when somebody collects. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { EVENT_LOOP_DELAY, PROCESS_CPU_UTILIZATION, PROCESS_MEMORY_USAGE, PROCESS_UPTIME } from '../catalogue.ts'
import type { Clock } from '../types.ts'
import type { Recording } from './recording.ts'

/** CPU utilization and loop delay are those of at least this long, however often they are collected. */
const SHORTEST_SPAN_MS = 1000
const RESOLUTION_MS = 20

/** Returns what stops the measuring of the event loop's delay. */
export function recordProcess(recording: Recording, clock: Clock): () => void {
  const memory = recording.level(PROCESS_MEMORY_USAGE, {})
  const utilization = recording.level(PROCESS_CPU_UTILIZATION, {})
  const uptime = recording.level(PROCESS_UPTIME, {})
  const delay = recording.level(EVENT_LOOP_DELAY, {})
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()

  let since = clock.monotonicMs()
  let cpu = process.cpuUsage()
  recording.onCollect(() => {
    memory.set(process.memoryUsage.rss())
    uptime.set(process.uptime())
    const elapsed = clock.monotonicMs() - since
    if (elapsed < SHORTEST_SPAN_MS) return
    const used = process.cpuUsage(cpu)
    utilization.set((used.user + used.system) / 1000 / elapsed)
    // What Node measures is the time between two of its timers, so their interval is no delay. It is empty if the loop was blocked all the time since the last reset; then the last value stands.
    if (histogram.count > 0) delay.set(Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS) / 1000)
    histogram.reset()
    cpu = process.cpuUsage()
    since += elapsed
  })
  return () => histogram.disable()
}
