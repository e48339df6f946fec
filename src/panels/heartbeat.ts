/** Whether somebody judges a service, from the heartbeat that leaves with its figures. */
import { HEALTH_HEARTBEAT_TIME, HEALTH_INSTANCE_PHASE, HEALTH_PHASE } from '../catalogue.ts'
import { INSTANCE_LABELS, SERVICE_LABELS, series } from './promql.ts'

/** How far back a heartbeat is looked for: a service that went away without a word is told of for a night. */
export const LOOK_BACK = '12h'

/** Phases after which nothing is missed. */
export const ENDED = ['draining', 'stopped'] as const

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

/** Seconds. What another SDK exports begins with a 0 that nobody measured: Prometheus puts it where the series says that it began. */
export function heartbeatAge(heartbeat: string): string {
  return `time() - (${heartbeat} > 0)`
}

/** Instances whose heartbeat is not too old. */
export function beating(timing: HeartbeatTiming): string {
  return `${heartbeatAge(series(HEALTH_HEARTBEAT_TIME))} < ${heartbeatLimit(timing)}`
}

/** Those that did not say that they stop. */
export function running(timing: HeartbeatTiming): string {
  return `${beating(timing)} unless on (${INSTANCE_LABELS.join(', ')}) ${series(HEALTH_INSTANCE_PHASE, { [HEALTH_PHASE]: 'stopped' })} == 1`
}

/** Keeps, of what an instance says, what it says now: the last value of one that is gone stays in Prometheus for minutes. */
export function whileRunning(expression: string, timing: HeartbeatTiming): string {
  return `${expression} and on (${INSTANCE_LABELS.join(', ')}) (${running(timing)})`
}

/**
 * Age in seconds of the newest heartbeat of each service, also of one that Prometheus has had no figures of for hours. A service whose
 * newest instance stopped gracefully, or was draining when it ended, is left out: it said so. Whoever ends with process.exit has no time to export
 * more than that it drains. `heartbeat` and `ended` (the phases) are series, with whatever matchers.
 */
export function unexcusedAge(
  heartbeat: string = series(HEALTH_HEARTBEAT_TIME),
  ended: string = series(HEALTH_INSTANCE_PHASE, { [HEALTH_PHASE]: ENDED }),
): string {
  const labels = SERVICE_LABELS.join(', ')
  const beats = `max_over_time(${heartbeat}[${LOOK_BACK}])`
  const excused = `last_over_time(${ended}[${LOOK_BACK}]) == 1`
  const newest = `max by (${labels}) (${beats})`
  const newestUnexcused = `max by (${labels}) (${beats} unless on (${INSTANCE_LABELS.join(', ')}) ${excused})`
  return `time() - (${newest} == ${newestUnexcused})`
}
