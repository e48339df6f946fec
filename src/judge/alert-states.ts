/**
 * Which states an alert has, and what leads from one to another: data, which stepAlert (alert.ts) runs and docs/alert-states.md prints.
 * Within one evaluation transitions follow one another until none applies; of several that do, the first is made.
 */
import type { Alert, AlertState, RuleTiming, Severity, TransitionType, Verdict } from '../types.ts'

/** Milliseconds a pending alert outlives the last conclusive verdict, at least. */
const LEAST_PENDING_PATIENCE_MS = 300_000
/** Milliseconds without a conclusive verdict after which nobody can say any more that an alert goes on. */
const LONGEST_EVIDENCE_MS = 24 * 3_600_000

/** The timers of all states. Each is when it began, on the monotonic clock in milliseconds, later by all the time in which nothing was known. */
export interface Timers {
  readonly breachAt?: number | undefined
  readonly criticalAt?: number | undefined
  readonly lowerAt?: number | undefined
  readonly okAt?: number | undefined
}

/** What an alert comes upon: a verdict, or that its rule is gone. */
export type Occasion = Verdict['kind'] | 'rule removed'

/** An alert at one evaluation. */
export interface Moment {
  readonly alert: Alert & Timers
  /** Of a breach. */
  readonly severity: Severity | undefined
  readonly timing: RuleTiming
  /** Milliseconds on the monotonic clock. */
  readonly now: number
}

interface Condition {
  readonly says: string
  readonly holds: (moment: Moment) => boolean
}

export interface AlertTransition {
  readonly from: AlertState
  readonly on: Occasion
  /** Left out: always. */
  readonly when?: Condition
  readonly to: AlertState
  /** Left out: nobody is told. */
  readonly tells?: TransitionType
  /** Left out: as it was. */
  readonly severity?: { readonly says: string; readonly of: (moment: Moment) => Severity }
  /** A new episode begins. */
  readonly begins?: true
}

const hasHeld = (since: number | undefined, seconds: number, { now }: Moment): boolean =>
  since !== undefined && now - since >= seconds * 1000
const unknownFor = (ms: number, { alert, now }: Moment): boolean => alert.frozenAt !== undefined && now - alert.frozenAt >= ms
const always = (severity: Severity): NonNullable<AlertTransition['severity']> => ({ says: severity, of: () => severity })

const isLongUnknown: Condition = {
  says: 'nothing has been known for 24 h',
  holds: (moment) => unknownFor(LONGEST_EVIDENCE_MS, moment),
}

const isCriticalLong = (moment: Moment): boolean => hasHeld(moment.alert.criticalAt, moment.timing.forSeconds, moment)

export const TRANSITIONS: readonly AlertTransition[] = [
  { from: 'inactive', on: 'breach', to: 'pending' },
  { from: 'resolved', on: 'breach', to: 'pending', begins: true },
  {
    from: 'pending',
    on: 'breach',
    when: { says: 'it has held for `for`', holds: (moment) => hasHeld(moment.alert.breachAt, moment.timing.forSeconds, moment) },
    to: 'firing',
    tells: 'fired',
    severity: {
      says: 'CRITICAL if that has held for `for`, else WARNING',
      of: (moment) => (isCriticalLong(moment) ? 'CRITICAL' : 'WARNING'),
    },
  },
  { from: 'pending', on: 'ok', to: 'inactive' },
  {
    from: 'pending',
    on: 'inconclusive',
    when: {
      says: 'nothing has been known for `for`, and for 5 min',
      holds: (moment) => unknownFor(Math.max(moment.timing.forSeconds * 1000, LEAST_PENDING_PATIENCE_MS), moment),
    },
    to: 'inactive',
  },
  {
    from: 'firing',
    on: 'breach',
    when: { says: 'it is a WARNING, and CRITICAL has held for `for`', holds: isCriticalLong },
    to: 'firing',
    tells: 'escalated',
    severity: always('CRITICAL'),
  },
  {
    from: 'firing',
    on: 'breach',
    when: {
      says: 'it is CRITICAL, and WARNING has held for `keepFiring`',
      holds: (moment) => hasHeld(moment.alert.lowerAt, moment.timing.keepFiringSeconds, moment),
    },
    to: 'firing',
    tells: 'deescalated',
    severity: always('WARNING'),
  },
  { from: 'firing', on: 'ok', to: 'recovering' },
  { from: 'firing', on: 'inconclusive', when: isLongUnknown, to: 'unknown', tells: 'unknown' },
  { from: 'recovering', on: 'breach', to: 'firing' },
  {
    from: 'recovering',
    on: 'ok',
    when: { says: 'it has held for `keepFiring`', holds: (moment) => hasHeld(moment.alert.okAt, moment.timing.keepFiringSeconds, moment) },
    to: 'resolved',
    tells: 'resolved',
  },
  { from: 'recovering', on: 'inconclusive', when: isLongUnknown, to: 'unknown', tells: 'unknown' },
  { from: 'unknown', on: 'breach', to: 'firing', tells: 'updated' },
  { from: 'unknown', on: 'ok', to: 'recovering', tells: 'updated' },
  { from: 'pending', on: 'rule removed', to: 'inactive' },
  { from: 'firing', on: 'rule removed', to: 'resolved', tells: 'resolved' },
  { from: 'recovering', on: 'rule removed', to: 'resolved', tells: 'resolved' },
  { from: 'unknown', on: 'rule removed', to: 'resolved', tells: 'resolved' },
]

export interface AlertTimer {
  readonly name: keyof Timers
  /** What it is for. */
  readonly measures: string
  /** Nowhere else is there such a timer. */
  readonly states: readonly AlertState[]
  /** Only of a firing alert of this severity. */
  readonly whileFiring?: Severity
  /** It begins with the first of these verdicts, and ends with any other that is conclusive. */
  readonly runsOn: 'ok' | 'breach' | Severity
}

export const TIMERS: readonly AlertTimer[] = [
  { name: 'breachAt', measures: '`for`', states: ['pending'], runsOn: 'breach' },
  {
    name: 'criticalAt',
    measures: '`for`, of the severity CRITICAL',
    states: ['pending', 'firing'],
    whileFiring: 'WARNING',
    runsOn: 'CRITICAL',
  },
  { name: 'lowerAt', measures: '`keepFiring`, of the severity CRITICAL', states: ['firing'], whileFiring: 'CRITICAL', runsOn: 'WARNING' },
  { name: 'okAt', measures: '`keepFiring`', states: ['recovering'], runsOn: 'ok' },
]
