/** Whether somebody judges a service, from the heartbeat that leaves with its figures. */
import { HEALTH_HEARTBEAT_TIME } from '../catalogue.ts'
import { INSTANCE_LABELS, SERVICE_LABELS, series } from './promql.ts'

/** How far back a heartbeat is looked for: a service that went away without a word is told of for a night. */
const LOOK_BACK = '12h'

export interface HeartbeatTiming {
  /** Seconds, as HEALTH_PUBLISHING_INTERVAL. */
  readonly publishingInterval: number
  /** Seconds, as OTEL_METRIC_EXPORT_INTERVAL. */
  readonly exportInterval: number
}

/** Seconds after which a heartbeat is too old: as on the channels, and longer than one export that was late. */
export function heartbeatLimit({ publishingInterval, exportInterval }: HeartbeatTiming): number {
  return Math.ceil(Math.max(3 * publishingInterval, 2.5 * exportInterval))
}

/** Keeps, of what an instance says, what it says now: the last value of a dead one stays in Prometheus for minutes. */
export function whileBeating(expression: string, timing: HeartbeatTiming): string {
  return `${expression} and on (${INSTANCE_LABELS.join(', ')}) (${heartbeatAge(series(HEALTH_HEARTBEAT_TIME))} < ${heartbeatLimit(timing)})`
}

export function heartbeatAge(heartbeat: string): string {
  return `time() - ${heartbeat}`
}

/**
 * Age in seconds of the newest heartbeat of each service, also of one that Prometheus has had no figures of for hours. A service whose
 * newest instance stopped gracefully is left out: it said so. `heartbeat` and `stopped` (the phase) are series, with whatever matchers.
 */
export function unexcusedAge(heartbeat: string, stopped: string): string {
  const labels = SERVICE_LABELS.join(', ')
  const beats = `max_over_time(${heartbeat}[${LOOK_BACK}])`
  const excused = `last_over_time(${stopped}[${LOOK_BACK}]) == 1`
  const newest = `max by (${labels}) (${beats})`
  const newestUnexcused = `max by (${labels}) (${beats} unless on (${INSTANCE_LABELS.join(', ')}) ${excused})`
  return `time() - (${newest} == ${newestUnexcused})`
}
