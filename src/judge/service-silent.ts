import type { Phase, Rule, Verdict } from '../types.ts'
import { breach, inconclusive, ok } from './verdicts.ts'
import { duration } from './wording.ts'

const NAME = 'service_silent'
const INTERVALS = 3

/** Judged by every instance, panel and watcher over all services, not over readings. */
export const SERVICE_SILENT: Omit<Rule, 'judge' | 'needs'> = { name: NAME, scope: 'shared', forSeconds: 0, keepFiringSeconds: 0 }

export interface LastBeat {
  readonly service: string
  /** Seconds since the newest beat of any instance, on Redis' clock; `null` if none was ever seen. */
  readonly ageSeconds: number | null
  /** What that beat said; `null` if it is not known any more. */
  readonly phase: Phase | null
  /** Seconds between two beats. */
  readonly intervalSeconds: number
}

/** Whether a service has fallen silent without having said that it stops. */
export function judgeSilence({ service, ageSeconds, phase, intervalSeconds }: LastBeat): Verdict {
  if (ageSeconds === null) return inconclusive(NAME, 'no_data')
  const limit = INTERVALS * intervalSeconds
  const value = { current: Math.round(ageSeconds), threshold: limit, unit: 's' }
  if (phase === 'stopped') return ok(NAME, { message: `${service} was stopped ${duration(ageSeconds)} ago`, value })
  const message = `No instance of ${service} has been heard of for ${duration(ageSeconds)} (limit ${duration(limit)})`
  if (ageSeconds >= limit) return breach(NAME, 'CRITICAL', { message, value })
  return ok(NAME, { message: `${service} was heard of ${duration(ageSeconds)} ago`, value })
}
