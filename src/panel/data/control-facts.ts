/** What one must know before one asks a service anything. Pure. */
import { cleanText } from '../../wire/clean-text.ts'
import { CONTROL_ACTIONS } from '../../wire/control-request.ts'
import type { ControlFacts, RequestRow, TookRow } from '../control-protocol.ts'
import type { InstanceRow } from '../protocol.ts'

const LAST = 3
const MOST_DOWN = 50

/** `requests`: the newest first. */
export function controlFacts(requests: readonly RequestRow[], instances: readonly InstanceRow[], down: readonly string[]): ControlFacts {
  const took = CONTROL_ACTIONS.flatMap((action) => {
    const times = requests.flatMap((row) => (row.action === action && row.state === 'done' ? [Math.max(0, row.endedAt! - row.at)] : []))
    return times.length > 0 ? [[action, tookRow(times)] as const] : []
  })
  return { took: Object.fromEntries(took), nameNeededFor: nameNeededFor(instances), down: down.slice(0, MOST_DOWN).map(cleanText) }
}

/** Of which instances (`null`: of all) nothing is left running after a stop or drain. One that is paused is there to be lost, but runs nothing. */
export function nameNeededFor(instances: readonly InstanceRow[]): readonly (string | null)[] {
  const works = ({ phase }: InstanceRow) => phase === 'running' || phase === 'starting'
  const there = instances.filter((each) => works(each) || each.phase === 'paused')
  const last = there.filter((each) => !there.some((other) => other !== each && works(other)))
  return [...(there.length > 0 ? [null] : []), ...last.map(({ instance }) => instance)]
}

function tookRow(times: readonly number[]): TookRow {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { lastMs: times.slice(0, LAST), medianMs: Math.round(median), times: times.length }
}
