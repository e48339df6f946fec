/**
 * The words of the pipeline, in its order: record -> collect -> compute -> judge -> publish -> view.
 * Stages share these and never import one another.
 */

import type { MetricDefinition } from './catalogue.ts'

/** Where time comes from. Made in clock.ts, virtual in tests; durations are measured on `monotonicMs` only. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back, is not stepped by NTP. */
  monotonicMs(): number
  /** Milliseconds since 1970 as people read them; may jump either way. */
  epochMs(): number
  /** Calls `fn` every `ms` until cancelled. Never keeps the process alive. */
  every(ms: number, fn: () => void): Cancel
  /** Calls `fn` once after `ms` unless cancelled. Never keeps the process alive. */
  after(ms: number, fn: () => void): Cancel
}
export type Cancel = () => void

export type Attributes = Readonly<Record<string, string>>

// ---- record ----

/** What one record of a service adds to one metric: an amount of a counter, a value of a histogram, a level that is set. */
export interface Tally {
  readonly metric: MetricDefinition
  /** Attributes that are the same whatever the record says. */
  readonly always: Attributes
  /** Attributes, and the fields of the record that hold their values. */
  readonly by: readonly (readonly [attribute: string, field: string])[]
  /** The field with the amount, or with a list whose length it is; left out: 1. */
  readonly of?: string
  /** The field with a list each of whose entries is a record of its own. */
  readonly each?: string
  /** What one of the field is in the unit of the metric. */
  readonly factor: number
}

/** Of an attempt; `unknown` where nobody can tell, which is neither. */
export type Success = boolean | 'unknown'

/** A record that is work as well: one attempt, or a batch of as many as a field says. */
export type AttemptOf = 'attempt' | { readonly batchOf: string }

/** What a record of one name adds to the metrics. */
export interface RecordMeaning {
  readonly tallies: readonly Tally[]
  /** Left out: it is no attempt. */
  readonly is?: AttemptOf
}

// ---- collect ----

/** One stream of one metric. Identity is the object: a source hands out the same object for the same series for as long as it lives. */
export interface Series {
  readonly metric: string
  readonly attributes: Attributes
}

/** Counts per bucket since the series began; `counts` is one longer than `bounds`, the last one open. */
export interface HistogramValue {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly count: number
  readonly sum: number
}

/**
 * One data point of one series at one collection. Sums and histograms are cumulative since the series was first seen,
 * whatever temporality the source has; gauges and up-down counters are levels.
 */
export type Sample =
  | { readonly series: Series; readonly kind: 'sum'; readonly value: number }
  /** `setAt`: when the level was last set, on the monotonic clock; a level is as old as that, however often it is collected. */
  | { readonly series: Series; readonly kind: 'level'; readonly value: number; readonly setAt: number }
  | { readonly series: Series; readonly kind: 'histogram'; readonly value: HistogramValue }

// ---- compute ----

/**
 * Which series of a metric, by attribute: the value it has, any of several, or none of several. A series without the attribute has the
 * empty value, so that `not` matches it.
 */
export type Where = Readonly<Record<string, string | readonly string[] | { readonly not: string | readonly string[] }>>

/**
 * What compute is asked to keep of the metrics: only what a selector names costs a ring, and matching series are added up. A selector is
 * its own name: whoever holds it asks for its reading with it. Two that say the same are one.
 */
export type Selector =
  | EventsSelector
  | DistributionSelector
  | LevelSelector
  | StateSelector
  | TimeAboveSelector
  | FallsSelector
  | LastSeenSelector
  | CountsSelector

interface Matching {
  readonly metric: string
  readonly where?: Where
}

/** Events of a counter, or values counted by a histogram, over windows. */
export interface EventsSelector extends Matching {
  readonly kind: 'events'
}

/** Values of a histogram over windows: sum, count and buckets. */
export interface DistributionSelector extends Matching {
  readonly kind: 'distribution'
}

/** The last value; no reading once older than `staleAfterSeconds`. */
export interface LevelSelector extends Matching {
  readonly kind: 'level'
  readonly staleAfterSeconds?: number
  /** How several series become one value. Default `sum`. */
  readonly fold?: 'sum' | 'max' | 'min'
}

/** Which value of `attribute` carries the 1 of a state metric. */
export interface StateSelector extends Matching {
  readonly kind: 'state'
  readonly attribute: string
  readonly staleAfterSeconds?: number
}

/** How long, within a window, a level was above `above`. */
export interface TimeAboveSelector {
  readonly kind: 'time_above'
  readonly level: LevelSelector
  readonly above: number
  /** Time in which this level was 0 is none of it. */
  readonly unless?: LevelSelector
}

/** How often, and by how much, a level fell from one collection to the next. */
export interface FallsSelector {
  readonly kind: 'falls'
  readonly level: LevelSelector
}

/** When something was last recorded: a count that grew, or a level that was set. */
export interface LastSeenSelector extends Matching {
  readonly kind: 'last_seen'
}

/**
 * Several counts side by side, over a day: events, or milliseconds that a level was above something. They are the evidence of rules that
 * judge a service by what it is used to; they outlive its processes.
 */
export interface CountsSelector {
  readonly kind: 'counts'
  readonly of: readonly (EventsSelector | TimeAboveSelector)[]
}

/** Events in a window. `coveredSeconds` is the part of the window in which events could have been seen. */
export interface EventsReading {
  readonly count: number
  readonly windowSeconds: number
  readonly coveredSeconds: number
}

export interface DistributionReading extends EventsReading {
  readonly sum: number
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
}

/** A quantile with its error bound. */
export type Quantile =
  /** The estimate, and bounds between which the true quantile lies. */
  | { readonly value: number; readonly atLeast: number; readonly atMost: number }
  /** In the open last bucket: all that is known is that it is more than this. */
  | { readonly moreThan: number }

/** A level, or a state's name, with its age. `undefined` while it has never been seen. */
export interface LastReading<T> {
  readonly value: T
  readonly ageSeconds: number
  readonly stale: boolean
}

/** Counts over windows that end now: of a multiple of 10 s up to an hour, of whole minutes up to a day. */
export interface CountsReading {
  /** What the count in this place of the selector grew by in the last `seconds`; 0 for 0 s. */
  grew(place: number, seconds: number): number
  /** How far back anything is known, in seconds, at most a day; in whole steps of the windows that can be asked for. */
  readonly reachSeconds: number
  readonly notes?: CountsNotes
}

/** What can be remembered of counts. */
export interface CountsNotes {
  /** Gone as soon as any window begins elsewhere than it did: until then only what comes now changes counts. */
  of: unknown
  /** The count in this place since whenever: until `of` is gone it grows as the count of any window does. */
  total(place: number): number
}

/** All readings at one instant; asking with a selector that nobody asked to keep throws, for that is a mistake in a rule. */
export interface Readings {
  events(selector: EventsSelector, windowSeconds: number): EventsReading
  distribution(selector: DistributionSelector, windowSeconds: number): DistributionReading
  /** The `q` quantile (0 < q <= 1) of a distribution; `undefined` if the window holds no value. */
  quantile(selector: DistributionSelector, q: number, windowSeconds: number): Quantile | undefined
  level(selector: LevelSelector): LastReading<number> | undefined
  state(selector: StateSelector): LastReading<string> | undefined
  /** Seconds of the window in which the level was above the bound, and for how much of the window that was known. */
  timeAbove(selector: TimeAboveSelector, windowSeconds: number): { readonly seconds: number; readonly coveredSeconds: number }
  /** How often the level fell in the window, at most 6 h, and by how much in all. */
  falls(selector: FallsSelector, windowSeconds: number): { readonly times: number; readonly amount: number }
  /** Seconds since anything was recorded; `undefined` while nothing ever was. */
  lastSeenSeconds(selector: LastSeenSelector): number | undefined
  counts(selector: CountsSelector): CountsReading
  /** For how much of the last `windowSeconds` events could have been seen. */
  coveredSeconds(windowSeconds: number): number
  /** Every value of the attribute `by` that series of these selectors have had; the empty one stands for series without it. */
  groups(by: string, selectors: readonly Selector[]): readonly string[]
  /** The readings of those series alone whose attribute `by` is `value`. */
  within(by: string, value: string): Readings
}

/** A selector that compute is to keep, as a whole and, with `by`, for each value of that attribute too. */
export interface Wanted {
  readonly selector: Selector
  readonly by?: string
}

// ---- judge ----

export type Severity = 'WARNING' | 'CRITICAL'
export type Status = 'healthy' | 'degraded' | 'unhealthy'
export type Phase = 'starting' | 'running' | 'paused' | 'draining' | 'stopped'

/** `unwatched`: what is done is not seen, so that nothing seen says nothing. */
export type InconclusiveReason = 'no_data' | 'starting' | 'low_sample' | 'stale' | 'evaluator_error' | 'paused' | 'unwatched'

/** The evidence people see in an alert: JSON as it goes on the wire, numbers or strings. */
export interface Evidence {
  readonly current: number | string | null
  readonly threshold: number | string | null
  readonly unit: string
  readonly n?: number
  readonly failures?: number
  readonly window_seconds?: number
}

/** A rule applied to the readings. Three-valued: what is not known neither fires nor resolves. */
export type Verdict = { readonly rule: string; readonly labels?: Attributes } & (
  | { readonly kind: 'ok'; readonly message: string; readonly value: Evidence }
  | { readonly kind: 'breach'; readonly severity: Severity; readonly message: string; readonly value: Evidence }
  | { readonly kind: 'inconclusive'; readonly reason: InconclusiveReason }
)

/** What a rule may know of its own alert: a limit that was passed is cleared later than it is passed (hysteresis). */
export interface OpenAlert {
  readonly state: AlertState
  readonly severity: Severity
  /** How long ago the ok run began that resolved the last episode; evidence from before it has been told and cleared. */
  readonly sinceClearSeconds?: number
}

/** How instances of one service combine: `any` breaching, `all` live ones breaching, or one reading `shared` by all. */
export type RuleScope = 'any' | 'all' | 'shared'

export interface RuleTiming {
  /** A breach must hold this long, in seconds, before the alert fires. */
  readonly forSeconds: number
  /** The condition must be clear this long, in seconds, before the alert resolves. */
  readonly keepFiringSeconds: number
}

/** Where a rule draws its lines, for whoever draws them in a chart; what it takes to fire is more than that. */
export interface RuleLimits {
  /** What the limits are in, as the figure that is charted: `percent`, `s`, `ms`, `/h`. */
  readonly unit?: string
  /** On which side of a limit a breach is. */
  readonly breach: 'above' | 'below'
  readonly warning: number
  readonly critical?: number
}

/** What of a rule is said to whoever reads its verdict. */
export interface RuleTerms extends Pick<RuleTiming, 'forSeconds'> {
  /** On which side of its limit a breach is; left out by a rule about states. */
  readonly breach?: RuleLimits['breach']
}

export interface Rule extends RuleTiming {
  readonly name: string
  /** What it is about, in one sentence for a table of all rules. */
  readonly summary: string
  readonly scope: RuleScope
  /** The selectors it reads: what it does not name it cannot ask for. */
  readonly needs: readonly Selector[]
  /** One alert for each value of this attribute. */
  readonly by?: string
  /** Where to read what to do about it. */
  readonly runbook?: string
  /** Names of rules whose open alerts explain its own. */
  readonly inhibitedBy?: readonly string[]
  /** What mends it: while its alert fires, `otel-health run` may start the process again. Left out: nothing that we could do. */
  readonly recover?: 'restart'
  /**
   * It asks for new work, or is about what all instances share: of an instance that is ending the one is not owed, and the other is for those
   * to say that stay.
   */
  readonly endsWithDraining?: true
  /** Left out by a rule about states. */
  readonly limits?: RuleLimits
  /** What it reads now, as a figure of status and metrics; left out where the kind shows it already. */
  figure?(readings: Readings): RuleFigure
  /** Pure. `of`: the value of `by` that is judged. A throw is caught by the caller and becomes `inconclusive(evaluator_error)`. */
  judge(readings: Readings, open: OpenAlert | undefined, of?: string): Verdict
}

/** A reading that is shown, by name: that of a rule, or of no rule at all. */
export interface Figure {
  readonly name: string
  readonly needs: readonly Selector[]
  /** Shown for each value of this attribute. */
  readonly by?: string
  figure(readings: Readings): RuleFigure
}

export interface RuleFigure {
  /** `null` while unknown. */
  readonly value: number | string | null
  readonly evidence: Readonly<Record<string, unknown>>
}

export interface FiguresInput {
  readonly readings: Readings
  readonly samples: readonly Sample[]
  /** Milliseconds on the monotonic clock, as of which the samples are told. */
  readonly now: number
  /** Seconds between two evaluations. */
  readonly tickSeconds: number
  /** Why nothing of the work is seen, half a sentence; left out where some is, or the service tells of it itself. */
  readonly unseen?: string | undefined
  /** Why no size of a queue is known, as long as none is: half a sentence. */
  readonly unreadQueues?: string | undefined
}

export interface KeyFigures {
  readonly metrics: KeyMetrics
  /** Counts and covered time behind the metrics, by their name. */
  readonly evidence: Readonly<Record<string, unknown>>
  /** Why metrics are `null`, by their name: half a sentence. */
  readonly unknown?: Readonly<Record<string, string>>
}

/** What one kind of service is judged by, and which figures it shows. */
export interface Profile {
  readonly name: string
  readonly rules: readonly Rule[]
  /** Names of rules without whose verdict nobody knows how the service is: `stale` or `evaluator_error` of one degrades the status. */
  readonly required?: readonly string[]
  /** It is no alert when nothing is heard of the service: then it counts as stopped. */
  readonly mayBeSilent?: boolean
  /** What the figures read, besides what rules do. */
  readonly selectors: readonly Wanted[]
  /** Readings that are shown besides `figures` and those of rules. */
  readonly shown?: readonly Figure[]
  /** What may be recorded, by name. */
  readonly records?: Readonly<Record<string, RecordMeaning>>
  figures(input: FiguresInput): KeyFigures
  /** What this process has counted since `since` (ISO 8601). */
  totals(samples: readonly Sample[], since: string): Readonly<Record<string, unknown>>
}

export type AlertState = 'inactive' | 'pending' | 'firing' | 'recovering' | 'unknown' | 'resolved'

export type TransitionType =
  | 'fired'
  | 'escalated'
  | 'deescalated'
  | 'resolved'
  | 'reopened'
  | 'acked'
  | 'unacked'
  | 'ack_expired'
  | 'silenced'
  | 'flapping_started'
  | 'flapping_ended'
  | 'unknown'
  | 'updated'

/**
 * One alert of one rule of one service. Each state has only the timers that run in it; docs/alert-states.md says what starts and ends them.
 * All `...At` are on the monotonic clock, in milliseconds.
 */
export type Alert = InactiveAlert | PendingAlert | FiringAlert | RecoveringAlert | UnknownAlert | ResolvedAlert

/** No breach, or none that anybody was told of. */
export interface InactiveAlert extends AlertBase, Cleared {
  readonly state: 'inactive'
}
/** A breach that has not held for long enough. */
export interface PendingAlert extends AlertBase, Cleared {
  readonly state: 'pending'
  /** When the present unbroken breach began. */
  readonly breachAt: number
  /** When the present unbroken run of CRITICAL verdicts began. */
  readonly criticalAt?: number | undefined
}
export interface FiringAlert extends AlertBase {
  readonly state: 'firing'
  /** Of a WARNING: when the present unbroken run of CRITICAL verdicts began. */
  readonly criticalAt?: number | undefined
  /** Of a CRITICAL: when the present unbroken run of WARNING verdicts began. */
  readonly lowerAt?: number | undefined
}
/** Told of, and found well for now. */
export interface RecoveringAlert extends AlertBase {
  readonly state: 'recovering'
  /** When the present unbroken run of ok verdicts began. */
  readonly okAt: number
}
/** Told of, and for long nothing has been known of it. */
export interface UnknownAlert extends AlertBase {
  readonly state: 'unknown'
}
export interface ResolvedAlert extends AlertBase, Cleared {
  readonly state: 'resolved'
}

interface Cleared {
  /** When the ok run began that resolved the last episode. */
  readonly clearedAt?: number | undefined
}

interface AlertBase {
  readonly id: string
  readonly rule: string
  readonly service: string
  /** What tells this alert from others of the same rule; none if the rule has one alert. */
  readonly labels?: Attributes | undefined
  /** How what instances say of it combines; left out: `any`. */
  readonly scope?: RuleScope
  readonly severity: Severity
  readonly episode: number
  /** Epoch milliseconds of the last change of state, as people read it. */
  readonly since: number
  readonly message: string
  /** URL of a text that says what to do. */
  readonly runbook?: string
  readonly value: Evidence | null
  /** Since when nothing has been known, if so: timers stand still from here, and go on with the next conclusive verdict. */
  readonly frozenAt?: number | undefined
  /** When the rule was last evaluated, with whatever verdict. */
  readonly evaluatedAt: number
}

/**
 * `memory_lost`: the server had forgotten the alert, which goes on. `silence`: one began, or ended; `inhibition`, `flapping`, `ack`: it ended,
 * and what people were told before is not what is true.
 */
export type TransitionCause =
  | 'condition'
  | 'manual'
  | 'rule_removed'
  | 'silence'
  | 'inhibition'
  | 'flapping'
  | 'ack'
  | 'instance_gone'
  | 'memory_lost'

/** One message of health:system:alerts before Redis allots seq, rev, id, epoch and timestamp. */
export interface Transition {
  readonly type: TransitionType
  readonly alert: Alert
  readonly deliver: boolean
  readonly cause: TransitionCause
  readonly actor: string | null
  /** What people had been told before, where an `updated` corrects it. */
  readonly told: 'fired' | 'escalated' | 'resolved' | null
}

export interface CheckResult {
  readonly status: Status
  /** Milliseconds; left out where nothing was timed, as of a command that waits on purpose. */
  readonly latencyMs?: number
  /** A stable code such as ECONNREFUSED or timeout; never text that could carry a credential. */
  readonly error?: string
}

export interface InterruptedJob {
  /** The queue or the kind of work. */
  readonly name: string
  readonly id: string
  /** How many processes were killed or crashed with it in hand. */
  readonly times: number
}

/** Status + verdicts + alerts of one instance at one instant. */
export interface Snapshot {
  readonly service: string
  readonly instance: string
  /** What kind of service it is: the name of its profile. */
  readonly kind?: string
  /** Names of services and of its own checks that it says it depends on; left out where it says nothing. */
  readonly dependsOn?: readonly string[]
  /** Epoch milliseconds. */
  readonly at: number
  readonly status: Status
  readonly instanceStatus: Status
  readonly phase: Phase
  /** Epoch milliseconds since when `status` and `phase` are what they are. */
  readonly since: number
  readonly uptimeSeconds: number
  readonly reasons: readonly string[]
  readonly checks: Readonly<Record<string, CheckResult>>
  readonly verdicts: readonly Verdict[]
  /** Beside what each verdict is read, by the name of its rule. */
  readonly rules?: Readonly<Record<string, RuleTerms>>
  /** Pending, firing, recovering or unknown: those of this instance, and those that other instances have found. */
  readonly alerts: readonly ShownAlert[]
  readonly metrics: KeyMetrics
  /** Why metrics are `null`, by their name: half a sentence. */
  readonly unknown?: Readonly<Record<string, string>>
  /** Whether a source of work is watched; left out: not known, or there is no work to be seen. */
  readonly working?: boolean
  /** What people may ask of this instance; left out: nothing. */
  readonly control?: readonly string[]
  /** How long it may take to drain; left out where nobody may ask it to. */
  readonly drainLimitSeconds?: number
  /** A supervisor starts it again when it ends, so that it can be asked to restart; left out: nothing that we know of does. */
  readonly supervised?: true
  /** It works again after a pause, but for what it pauses itself: that did not go on. Left out: it is not so. */
  readonly pausedInPart?: true
  /** Work that it has begun and not ended; left out where nobody sees when its work begins. */
  readonly inHand?: { readonly count: number; readonly oldestSeconds: number }
  /** Jobs that were in hand when the process before was killed or crashed, those first to which it has happened most often: at most five. Left out: none. */
  readonly interrupted?: readonly InterruptedJob[]
  readonly evidence: Readonly<Record<string, unknown>>
  readonly totals: Readonly<Record<string, unknown>>
  /** What this process has counted for rules that judge a service by what it is used to, by the rule. */
  readonly counted: Counted
}

/** Counts by the key of their rule, and of the value that it is split by: those of the rule's `CountsSelector`, in its order. */
export type Counted = Readonly<Record<string, readonly number[]>>

/** What an earlier process of the service counted in about a minute. */
export interface CountedBefore {
  /** How long ago, in milliseconds. */
  readonly agoMs: number
  readonly counted: Counted
}

export type KeyMetric = number | string | boolean | null | { readonly [key: string]: number | null }
export type KeyMetrics = Readonly<Record<string, KeyMetric>>

// ---- publish ----

export interface InstancePresence {
  readonly instance: string
  readonly lastBeatAgeMs: number
  /** `false`: missing, for three of its publishing intervals or more. */
  readonly live: boolean
  /** Its own checks and verdicts, as it last said. */
  readonly instanceStatus: Status | undefined
  readonly phase: Phase | undefined
  /** Why the service is not well, as this instance knows it; left out where it did not say. */
  readonly reasons?: readonly string[]
}

/** What people are shown of an alert. */
export type ShownAlert = Pick<
  Alert,
  'id' | 'rule' | 'service' | 'labels' | 'state' | 'severity' | 'episode' | 'since' | 'message' | 'runbook' | 'value'
>

/** An alert of the whole service, made of what all of its instances say. */
export interface ServiceAlert extends ShownAlert {
  /** No instance that is alive finds a breach any more: whoever finds the rule well is to say so, with a new `save`. */
  readonly asks: boolean
  /** Not of this instance alone. */
  readonly ofOthers: boolean
}

export interface Presence {
  /** The other instances of the service. */
  readonly others: readonly InstancePresence[]
  /** Open alerts of the service, whoever found them. */
  readonly open: readonly ServiceAlert[]
  /** Services whose silence an alert is open about. */
  readonly silent: readonly string[]
  /** Ids of alerts of this instance that a person has said to be over; left out: none. */
  readonly resolvedByHand?: readonly string[]
  /** How often a process of the service took the place of one that had crashed, within 15 minutes; left out: not known. */
  readonly restarts?: number
  /** This clock less the server's. Milliseconds. */
  readonly clockSkewMs: number
}

/** What has been said of alerts, and who is alive: kept where every instance sees it. */
export interface HealthStore {
  /**
   * What this instance has said of alerts of its service, those that are over included for their episode; read before the first evaluation
   * so that a restart neither forgets nor repeats one. `undefined` if there is no answer within `timeoutMs`: the caller asks again. An answer that
   * comes later is told to `late`, before anything that was said of these alerts meanwhile is written; a store may do without it.
   */
  load(timeoutMs: number, late?: (alerts: readonly Alert[]) => void): Promise<readonly Alert[] | undefined>
  /**
   * What processes of this service that are no more have counted in the last day: evidence is the service's, and outlives them. `undefined` if
   * there is no answer within `timeoutMs`; one that comes later is told to `late`.
   */
  recall(timeoutMs: number, late?: (counted: readonly CountedBefore[]) => void): Promise<readonly CountedBefore[] | undefined>
  /** Who else is alive, and what they say; `undefined` where that is not known. */
  presence(): Promise<Presence | undefined>
  /** How an alert stands with this instance, without a transition of its own: a pending one, or that its rule is found well. */
  save(alert: Alert, cause?: TransitionCause): void
}

/** Where people and programs hear of a service. */
export interface HealthChannel {
  /** One message of the status channel, in order after the transitions given before it. */
  status(snapshot: Snapshot): void | Promise<void>
  metrics(snapshot: Snapshot): void | Promise<void>
  /** A change of an alert as this instance judges it. */
  transition(transition: Transition): void | Promise<void>
  /** `last` (its phase is `stopped`) is the last thing said; waits at most `timeoutMs` for what is queued. */
  stop(last: Snapshot, timeoutMs: number): Promise<void>
}

/**
 * Store and channel in one. No method throws or waits for the network: an exporter keeps what it could not deliver, within a bound, counts
 * what it had to drop, and catches up by itself. `stop` publishes in the same tick, then disconnects.
 */
export interface HealthExporter extends HealthStore, HealthChannel {
  status(snapshot: Snapshot): void
  metrics(snapshot: Snapshot): void
  transition(transition: Transition): void
}
