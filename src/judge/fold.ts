/**
 * What an alert of a service is, made of what its instances say of it. This is the specification of the script that does the same inside
 * Redis (src/wire/scripts.ts): a test runs both on the same histories. The clocks of `for` and keep-firing are the instances'; the fold
 * only combines.
 */
import type { AlertState, RuleScope, Severity, Transition } from '../types.ts'
import { isOpen } from './alert.ts'

/** What one instance last said of an alert, and when it was heard of. Times are milliseconds of the server's clock. */
export interface AlertEntry {
  readonly instance: string
  readonly state: AlertState | 'gone'
  readonly severity: Severity
  readonly since: number
  /** The last evaluation was conclusive, and a breach. */
  readonly breaching: boolean
  /** The last evaluation was conclusive. */
  readonly known: boolean
  /** When this was said. */
  readonly at: number
  /** Its last sign of life. */
  readonly seen: number
  /** Without a sign of life for longer it is gone. Milliseconds. */
  readonly keep: number
  /** The number of its episode, as the instance counts. */
  readonly episode: number
}

/** How the alert stood after the last fold; `undefined` if the server knows nothing of it. */
export interface FoldedAlert {
  readonly state: AlertState
  readonly severity: Severity
  readonly since: number
  readonly episode: number
}

export interface FoldInput {
  readonly scope: RuleScope
  readonly before: FoldedAlert | undefined
  readonly entries: readonly AlertEntry[]
  /** Any instance of the service is alive, whether it has said something of the alert or not. */
  readonly alive: boolean
  readonly now: number
  /** Who has just said something; left out: nobody, it is looked whether somebody is gone. */
  readonly by?: {
    readonly instance: string
    /** As it last heard, the alert was open, and it was one of those for whom it is. */
    readonly wasTold: boolean
    readonly cause: Transition['cause']
  }
}

export interface Fold {
  readonly after: FoldedAlert
  readonly told: Pick<Transition, 'type' | 'cause' | 'told'> | undefined
  /** Whose evidence is shown; `undefined`: that of before. */
  readonly speaker: string | undefined
  /** Who is gone since: their entries say so from now on, until they say something new. */
  readonly gone: readonly string[]
}

/** An alert that resolves has been seen to be well: an instance found so after the last sign of life of all who had found otherwise. */
export function foldAlert(input: FoldInput): Fold {
  const { scope, before, alive, now, by } = input
  const gone = input.entries.filter((entry) => entry.state !== 'gone' && isActive(entry) && now - entry.seen > entry.keep)
  const entries = input.entries.map((entry) => (gone.includes(entry) ? { ...entry, state: 'gone' as const } : entry))
  const live = entries.filter((entry) => entry.state !== 'gone' && now - entry.seen <= entry.keep)
  const wasOpen = before !== undefined && isOpen(before)
  const well = live.filter(({ state, known }) => known && (state === 'inactive' || state === 'resolved'))
  const { firing, unknown } = breachesOf(live, well, scope)
  const recovering = live.filter(({ state }) => state === 'recovering')
  const pending = live.filter(({ state }) => state === 'pending')
  const said = by && entries.find(({ instance }) => instance === by.instance)
  /** The server has forgotten an alert that people were told of. */
  const forgotten = before === undefined && by?.wasTold === true

  const state = stateOf()
  function stateOf(): AlertState {
    const mayFire = scope !== 'all' || (recovering.length === 0 && well.length === 0 && (wasOpen || forgotten || pending.length === 0))
    if (firing.length > 0 && mayFire) return 'firing'
    if (!wasOpen && !forgotten) return pending.length > 0 ? 'pending' : before?.state === 'resolved' ? 'resolved' : 'inactive'
    if (scope === 'all' && well.length > 0) return 'resolved'
    if (recovering.length > 0) return 'recovering'
    if (unknown.length > 0) return 'unknown'
    if (before === undefined) return 'resolved'
    if (firing.length === 0 && well.some(({ at }) => at >= Math.max(lastSignOfGone(entries), before.since))) return 'resolved'
    return alive ? before.state : 'unknown'
  }

  const speaker = speakerOf(state, { firing, recovering, well, pending, unknown })
  const opens = isOpen({ state }) && !wasOpen
  const after = { state, severity: severityOf(), since: sinceOf(), episode: episodeOf() }
  return { after, told: toldOf(), speaker: speaker?.instance, gone: gone.map(({ instance }) => instance) }

  function severityOf(): Severity {
    const voices = [...firing, ...recovering]
    if (voices.length > 0 && (state === 'firing' || (opens && state === 'recovering'))) return worst(voices)
    if (state === 'pending') return worst(pending)
    return before?.severity ?? said?.severity ?? 'WARNING'
  }

  /** An instance may have found it before the server hears of it; never before the alert came to be what it was. */
  function sinceOf(): number {
    if (before && state === before.state) return before.since
    const since = speaker && speaker.state === state ? Math.min(speaker.since, now) : now
    return wasOpen ? Math.max(since, before.since) : since
  }

  function episodeOf(): number {
    if (before === undefined) return Math.max(said?.episode ?? 1, 1)
    return before.episode + (before.state === 'resolved' && state !== 'resolved' ? 1 : 0)
  }

  function toldOf(): Fold['told'] {
    const cause = by?.cause ?? 'instance_gone'
    const tell = (type: Transition['type']) => ({ type, cause, told: null })
    if (forgotten && isOpen(after)) return { type: 'updated', cause: 'memory_lost', told: 'fired' }
    if (forgotten && state === 'resolved') return tell('resolved')
    if (opens) return tell('fired')
    if (!wasOpen) return undefined
    if (state === 'resolved') return tell('resolved')
    if (state === 'unknown') return before.state === 'unknown' ? undefined : tell('unknown')
    if (before.state === 'unknown') return tell('updated')
    if (after.severity === before.severity) return undefined
    return tell(after.severity === 'CRITICAL' ? 'escalated' : 'deescalated')
  }
}

function isActive({ state }: AlertEntry): boolean {
  return state === 'pending' || state === 'firing' || state === 'recovering' || state === 'unknown'
}

interface Breaches {
  readonly firing: readonly AlertEntry[]
  /** Those that fired, and have long known nothing. */
  readonly unknown: readonly AlertEntry[]
}

/** A reading that all share is known to whoever can read it: one that cannot gives way to a newer one that finds it well. */
function breachesOf(live: readonly AlertEntry[], well: readonly AlertEntry[], scope: RuleScope): Breaches {
  const firing = live.filter(({ state }) => state === 'firing')
  const unknown = live.filter(({ state }) => state === 'unknown')
  if (scope !== 'shared' || firing.some(({ known }) => known)) return { firing, unknown }
  const lastSaid = Math.max(0, ...[...firing, ...unknown].map(({ at }) => at))
  return well.some(({ at }) => at > lastSaid) ? { firing: [], unknown: [] } : { firing, unknown }
}

/** The last sign of life of those that are gone. */
function lastSignOfGone(entries: readonly AlertEntry[]): number {
  return Math.max(0, ...entries.filter(({ state }) => state === 'gone').map(({ seen }) => seen))
}

function speakerOf(
  state: AlertState,
  { firing, ...voices }: Readonly<Record<'firing' | 'recovering' | 'well' | 'pending' | 'unknown', readonly AlertEntry[]>>,
): AlertEntry | undefined {
  if (state === 'firing') return firing.toSorted(byWeight)[0]
  if (state === 'pending') return voices.pending.toSorted(byWeight)[0]
  const said = state === 'resolved' ? voices.well : state === 'recovering' || state === 'unknown' ? voices[state] : []
  return said.toSorted((a, b) => b.at - a.at || byName(a, b))[0]
}

/** The worst first, of those the ones that know, then the oldest. */
function byWeight(a: AlertEntry, b: AlertEntry): number {
  if (a.severity !== b.severity) return a.severity === 'CRITICAL' ? -1 : 1
  if (a.known !== b.known) return a.known ? -1 : 1
  return a.since - b.since || byName(a, b)
}

function byName(a: AlertEntry, b: AlertEntry): number {
  return a.instance < b.instance ? -1 : 1
}

function worst(entries: readonly AlertEntry[]): Severity {
  return entries.some(({ severity }) => severity === 'CRITICAL') ? 'CRITICAL' : 'WARNING'
}
