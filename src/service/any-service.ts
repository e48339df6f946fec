/** Any service: no rules of its own, the figures of its process. */
import { EVENT_LOOP_DELAY, PROCESS_CPU_UTILIZATION, PROCESS_MEMORY_USAGE } from '../catalogue.ts'
import { Metric } from '../rules/metric-ref.ts'
import type { ServiceKind } from '../rules/service-kind.ts'
import type { KeyMetrics, LevelSelector, Readings, Wanted } from '../types.ts'

const memory = new Metric(PROCESS_MEMORY_USAGE).level()
const cpu = new Metric(PROCESS_CPU_UTILIZATION).level()
const loopDelay = new Metric(EVENT_LOOP_DELAY).level()

export const PROCESS_SELECTORS: readonly Wanted[] = [{ selector: memory }, { selector: cpu }, { selector: loopDelay }]

/** `null` while unknown. */
export function processFigures(readings: Readings): KeyMetrics {
  const value = (selector: LevelSelector, factor: number) => {
    const level = readings.level(selector)?.value
    return level === undefined ? null : Math.round(10 * factor * level) / 10
  }
  return {
    process: {
      memory_bytes: readings.level(memory)?.value ?? null,
      cpu_percent: value(cpu, 100),
      event_loop_delay_p99_ms: value(loopDelay, 1000),
    },
  }
}

export const anyService: ServiceKind = {
  name: 'service',
  metrics: [],
  rules: () => [],
  selectors: PROCESS_SELECTORS,
  figures: ({ readings }) => ({ metrics: processFigures(readings), evidence: {} }),
  totals: (_samples, since) => ({ since }),
}
