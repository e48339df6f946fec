/** Any service: no rules of its own, the figures of its process. */
import { EVENT_LOOP_DELAY, PROCESS_CPU_UTILIZATION, PROCESS_MEMORY_USAGE } from '../catalogue.ts'
import type { KeyMetrics, Readings, Selector } from '../types.ts'
import type { ServiceKind } from '../kinds/kind.ts'

export const PROCESS_SELECTORS: Readonly<Record<string, Selector>> = {
  memory: { kind: 'level', metric: PROCESS_MEMORY_USAGE.name },
  cpu: { kind: 'level', metric: PROCESS_CPU_UTILIZATION.name },
  loop_delay: { kind: 'level', metric: EVENT_LOOP_DELAY.name },
}

/** `null` while unknown. */
export function processFigures(readings: Readings): KeyMetrics {
  const level = (selector: string) => readings.level(selector)?.value ?? null
  const delay = level('loop_delay')
  const cpu = level('cpu')
  return {
    process: {
      memory_bytes: level('memory'),
      cpu_percent: cpu === null ? null : Math.round(1000 * cpu) / 10,
      event_loop_delay_p99_ms: delay === null ? null : Math.round(10_000 * delay) / 10,
    },
  }
}

export const anyService: ServiceKind = {
  profile: () => ({ name: 'service', selectors: PROCESS_SELECTORS, rules: [] }),
  figures: ({ readings }) => ({ metrics: processFigures(readings), evidence: {} }),
  totals: (_samples, since) => ({ since }),
}
