/** How instances are, beside what they are to be. Pure. */
import type { DesiredRow } from '../../control-protocol.ts'
import type { InstanceRow } from '../../protocol.ts'
import { dayAndTime, timeOfDay } from '../show/when.ts'
import { texts } from '../texts.ts'
import { liveOf } from './why-not.ts'

export interface Standing {
  /** `running`, or `2 running, 1 paused`. */
  readonly is: string
  /** Since when one of them is not as it is to be, at the earliest; left out: all are. */
  readonly differsSince?: number
}

const words = texts.control
const DAY_MS = 86_400_000

/** `instances`: of the service. One that is to be stopped and that something starts again is paused instead. */
export function standingOf({ instance, state, at }: DesiredRow, instances: readonly InstanceRow[]): Standing {
  const live = liveOf(instances).filter((row) => instance === null || row.instance === instance)
  const others = live.filter(({ phase }) => phase !== 'paused' && !(state === 'paused' && phase === 'draining'))
  const since = Math.max(at, Math.min(...others.map(startedAt)))
  return { is: phasesOf(live), ...(others.length > 0 && { differsSince: since }) }
}

function startedAt({ beatAt, uptimeSeconds = 0 }: InstanceRow): number {
  return beatAt - uptimeSeconds * 1000
}

function phasesOf(live: readonly InstanceRow[]): string {
  const counts = new Map<string, number>()
  for (const { phase = '' } of live) counts.set(phase, (counts.get(phase) ?? 0) + 1)
  if (counts.size === 0) return words.gone
  if (live.length === 1) return live[0]!.phase!
  return Array.from(counts, ([phase, count]) => `${count} ${phase}`).join(', ')
}

/** `paused until 12:00`. */
export function wantedOf({ state, until }: DesiredRow, at: number): string {
  const word = words.wanted[state]
  return until === undefined ? word : `${word} ${words.until(until - at < DAY_MS ? timeOfDay(until) : dayAndTime(until))}`
}
