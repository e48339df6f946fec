/** When processes of a service began, from what live ones say and from when others were first heard of. Pure. */
import type { InstanceView } from '../../subscribe/health-view.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { ServiceHistory } from '../protocol.ts'
import type { Minute } from './history-minutes.ts'
import { MINUTE_MS } from './minute-grid.ts'

const MOST = 200
/** An instance that is heard of so soon after the history begins may have been there before. */
const BEGINNING_MS = 150_000

/** The oldest first, the newest 200 of them. `from`: since when the history is known, epoch milliseconds of the server. */
export function startsOf(instances: readonly InstanceView[], minutes: readonly Minute[], from: number): ServiceHistory['restarts'] {
  const starts = new Map<string, number>()
  for (const { at, instance } of minutes) {
    if (starts.has(instance)) continue
    // An instance writes its first minute when it has lived for one.
    starts.set(instance, at > from + BEGINNING_MS ? at - MINUTE_MS : -Infinity)
  }
  for (const { instance, status, lastBeatAt } of instances) {
    if (status) starts.set(instance, lastBeatAt - status.uptime_seconds * 1000)
  }
  return [...starts]
    .flatMap(([instance, at]) => (at >= from ? [{ at, instance: cleanText(instance) }] : []))
    .toSorted((a, b) => a.at - b.at)
    .slice(-MOST)
}
