/**
 * What the panel's server tells its pages: JSON, names as they stand here. Times are epoch milliseconds of the health Redis unless a name
 * says otherwise; what is not known is `null` or left out, never 0. The pages import these types and nothing else of the server.
 */
import type { Phase, Severity } from '../types.ts'
import type { ControlAction, ControlOfInstance, ControlRow } from './control-protocol.ts'

/**
 * `stopped`: every instance said that it stops. `unknown`: nobody is there who could say. `paused`, `draining`: nothing is wrong, and every
 * instance that is there takes on no work.
 */
export type ShownStatus = 'healthy' | 'degraded' | 'unhealthy' | 'paused' | 'draining' | 'stopped' | 'unknown'

/** The four figures of any service: an hour's work, how much of it succeeds, the 95th percentile of its upstreams, what is due. */
export interface KeyFigures {
  /** Pieces of work an hour. */
  readonly rate: number | null
  /** Percent. */
  readonly success: number | null
  /** Milliseconds. */
  readonly p95: number | null
  /** Items that are due now. */
  readonly due: number | null
}
export type KeyFigure = keyof KeyFigures

export interface ServiceRow extends KeyFigures {
  readonly service: string
  readonly kind?: string
  readonly status: ShownStatus
  /** Since when it has had this status, as its newest instance says; left out: nobody says. */
  readonly since?: number
  /** Sentences that are no alerts, worst first; the first few. */
  readonly reasons: readonly string[]
  /** `depends on tracker_fetcher, which is unhealthy: …`: what of all that it depends on is not well. */
  readonly cause?: string
  readonly live: number
  readonly missing: number
  /** How many live instances are in each phase. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>
  /** Of any of its instances; left out: none is listed. */
  readonly beatAt?: number
  /** Why a figure is `null`: half a sentence. */
  readonly unknown?: Readonly<Partial<Record<KeyFigure, string>>>
  /** Of its open alerts. */
  readonly alerts: number
  /** `false`: no source of its work is watched, so that its rates are unknown. */
  readonly working?: boolean
  /** What people have asked of it; left out: nothing that still matters. */
  readonly control?: ControlRow
}

export interface AlertInstance {
  readonly instance: string
  readonly state: string
  readonly severity: Severity
  readonly since: number
}

export interface Acknowledgement {
  readonly by: string
  readonly why: string
  readonly at: number
  readonly until: number
}

export interface AlertRow {
  readonly id: string
  readonly episode: number
  readonly rev: number
  readonly service: string
  readonly rule: string
  readonly labels?: Readonly<Record<string, string>>
  readonly severity: Severity
  /** `firing`, `recovering` or `unknown`; of one that is over `resolved`. */
  readonly state: string
  readonly since: number
  /** The sentence with the evidence. */
  readonly message: string
  /** A URL with http or https. */
  readonly runbook?: string
  readonly value?: Readonly<Record<string, unknown>>
  readonly instances: readonly AlertInstance[]
  /** So many more than are in `instances`. */
  readonly instancesLeftOut?: number
  readonly ack?: Acknowledgement
  readonly resolvedByHand?: Omit<Acknowledgement, 'until'>
  /** Ids of the silences that lie over it. */
  readonly silenced?: readonly string[]
  /** What may have caused it is open as well. */
  readonly inhibited?: true
  /** Id of the open alert that may have caused it, where it is known which: pages show it beneath that one. */
  readonly explainedBy?: string
  readonly flapping?: true
  readonly heldUntil?: number
}

/** All that hangs on no single service or alert. */
export interface Head {
  /** When the panel's server knew this. */
  readonly at: number
  /** The panel's own connection to the health Redis: since when nothing has been confirmed. Left out: all is fresh. */
  readonly staleSince?: number
  readonly staleReason?: string
  readonly epoch: string | null
  readonly seq: number
  /** Keys that cannot be read: `{health}:meta is of another type than it should be`. */
  readonly problems: readonly string[]
}

/** Everything that the screen Now shows, before bars and sparklines. Services by name, alerts CRITICAL first, then the oldest. */
export interface Now extends Head {
  readonly services: readonly ServiceRow[]
  readonly alerts: readonly AlertRow[]
}

/** What has changed since the one before: whole rows, and who is gone. */
export interface Change extends Head {
  readonly services: readonly ServiceRow[]
  readonly servicesGone: readonly string[]
  readonly alerts: readonly AlertRow[]
  readonly alertsGone: readonly string[]
}

/**
 * `GET api/live`, server-sent events. `event: now` holds a Now and comes first where nothing can be resumed; `event: change` a Change, at
 * least every second, so that silence means a dead connection. `event: transition` a Transition. Each has an `id`, one more than the one
 * before; a client that comes back with Last-Event-ID, or else with `?since=<id>`, gets every change it has missed, or a Now.
 *
 * `GET api/now?since=<id>` answers the same for clients that poll: `{id, now}` or `{id, changes}`.
 */
export type PollAnswer =
  | { readonly id: string; readonly now: Now }
  | { readonly id: string; readonly changes: readonly Change[]; readonly transitions: readonly Transition[] }

/** One message of the alert stream. */
export interface Transition {
  readonly id: string
  readonly at: number
  readonly type: string
  readonly alertId: string
  readonly episode: number
  readonly service: string
  readonly rule: string
  readonly labels?: Readonly<Record<string, string>>
  readonly severity: Severity
  readonly state: string
  readonly message: string
  /** Whether people are told. */
  readonly deliver: boolean
  readonly cause: string
  readonly actor: string | null
  readonly told: string | null
  readonly value?: Readonly<Record<string, unknown>>
}

export type Role = 'viewer' | 'operator'
export type AlertAction = 'ack' | 'unack' | 'resolve' | 'silence' | 'unsilence' | 'extend' | 'maintenance' | 'note' | 'forget'
/** What is done about alerts, and what services are asked to do. */
export type Action = AlertAction | ControlAction

/** `GET api/session`: who looks, and what they may do. Answered without a login, too. */
export interface Session {
  /** Left out: nobody is logged in, and nothing else is answered. */
  readonly user?: string
  readonly role?: Role
  /** What this user may do. */
  readonly may: readonly Action[]
  /** How one logs in here; `none`: on loopback, nobody has to. */
  readonly login: 'none' | 'token' | 'basic' | 'proxy' | 'oidc'
  readonly version: string
  /** Base URL of a Grafana, to link to. */
  readonly grafana?: string
  /** Whether a Prometheus is asked for trends of 30 days. */
  readonly prometheus: boolean
  /** Hours of history that Redis keeps. */
  readonly retentionHours: number
  /** Whether services can be paused, stopped and the like from here: HEALTH_PANEL_CONTROL. */
  readonly control: boolean
}

/**
 * `POST api/login`: a token, or user and password, as `Session.login` says. Answers a LoginAnswer, else 401, or 429 with Retry-After. With
 * `oidc` one goes to `login/oidc?then=/service/a` instead. `POST api/logout` with `{}` ends the session, and with it its live streams.
 */
export interface LoginRequest {
  readonly token?: string
  /** With a token: as whom the journal is to name whoever has it. */
  readonly user?: string
  readonly password?: string
  /** Where to go on: a path of the panel, without its prefix. */
  readonly then?: string
}
export interface LoginAnswer {
  readonly session: Session
  /** `then` if it is a path of the panel, else `/`. */
  readonly then: string
}

/** `GET status.json`, for everybody where the status page is switched on: names and states and nothing else. */
export interface PublicStatus {
  /** ISO 8601. */
  readonly at: string
  /** The worst of all; `unknown` where nothing is known, or what is known cannot be confirmed. */
  readonly status: ShownStatus
  /** ISO 8601: since when the health Redis has not answered; then every service is `unknown`. */
  readonly staleSince?: string
  readonly services: readonly { readonly name: string; readonly status: ShownStatus }[]
}

/** `GET api/bars?service=a&service=b` (up to 100): by service. */
export interface Bar {
  /** 96 quarters of an hour, the oldest first, ending at `until`: the worst status in it; `null`: nothing is known of it. */
  readonly quarters: readonly (ShownStatus | null)[]
  readonly until: number
  /** The last 60 minutes of the figure, the oldest first: `rate`, else `due`. */
  readonly spark: { readonly figure: KeyFigure; readonly values: readonly (number | null)[] } | null
}
export type Bars = Readonly<Record<string, Bar>>

/** One rule as it reads now, of the instance that is nearest to a breach. */
export interface RuleRow {
  readonly rule: string
  readonly labels?: Readonly<Record<string, string>>
  readonly says: 'ok' | 'breach' | 'inconclusive'
  /** Why it is inconclusive: `starting`, `low_sample`, `no_data`, `stale`, `paused`, `unwatched`, `evaluator_error`. */
  readonly reason?: string
  readonly current?: number | string | null
  readonly threshold?: number | string | null
  readonly unit?: string
  /** Seconds for which a breach must hold before it fires. */
  readonly forSeconds?: number
  /** Seconds for which it has held. */
  readonly heldSeconds?: number
  /** Where it is `starting`: for how many seconds the service has been watched, of how many that it takes. */
  readonly watched?: { readonly seconds: number; readonly of: number }
  /** How far the reading is from the limit, as a part of the limit: 0 at it, 1 and more far away, negative beyond it. */
  readonly distance?: number
  readonly instance: string
}

export interface InstanceRow {
  readonly instance: string
  readonly status: ShownStatus | 'missing'
  readonly phase?: Phase
  readonly beatAt: number
  readonly uptimeSeconds?: number
  readonly problem?: string
  readonly clockAheadMs?: number
  readonly control?: ControlOfInstance
}

export interface CheckRow {
  readonly name: string
  readonly status: ShownStatus
  readonly latencyMs: number | null
  readonly error?: string
  readonly instance: string
}

export interface DependencyRow {
  readonly name: string
  readonly status: ShownStatus
  readonly reason?: string
  readonly through: readonly string[]
}

/** `GET api/services/<service>`. */
export interface ServiceDetail {
  readonly row: ServiceRow
  readonly alerts: readonly AlertRow[]
  readonly instances: readonly InstanceRow[]
  readonly checks: readonly CheckRow[]
  /** In the order of distance to a breach, the nearest first. Left out: its services are older and do not say. */
  readonly rules?: readonly RuleRow[]
  readonly dependsOn: readonly DependencyRow[]
  /** Services that depend on it. */
  readonly neededBy: readonly string[]
  /** Every figure that its newest instance says, by name, and why what is null is not known. */
  readonly metrics: Readonly<Record<string, unknown>>
  readonly unknown: Readonly<Record<string, string>>
  readonly problems: readonly string[]
  readonly grafanaUrl?: string
}

/** One line of a chart. */
export interface Line {
  /** Of one instance, or of all. */
  readonly name: string
  readonly values: readonly (number | null)[]
}

export interface Chart {
  /** As in messages: `fetch_rate_per_hour`, `queue_sizes.hot`. */
  readonly figure: string
  readonly unit: string
  /** Seconds since 1970, as uPlot takes them; the same for all lines. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly limits: readonly { readonly severity: Severity; readonly value: number }[]
}

export interface Span {
  readonly alertId: string
  readonly episode: number
  readonly rule: string
  readonly labels?: Readonly<Record<string, string>>
  readonly severity: Severity
  readonly from: number
  /** Left out: it is still open. */
  readonly to?: number
}

/** `GET api/services/<service>/history?hours=1|6|24`. */
export interface ServiceHistory {
  readonly from: number
  readonly to: number
  readonly charts: readonly Chart[]
  /** So many instances have no line of their own; `all` counts them. Left out: none. */
  readonly instancesLeftOut?: number
  readonly spans: readonly Span[]
  /** When a process of the service began. */
  readonly restarts: readonly { readonly at: number; readonly instance: string }[]
  /** Where the history of the service does not reach back so far: since when it does; left out: it does, or there is none. */
  readonly since?: number
}

/** What people did, newest first. `GET api/audit?count=&service=&alert=`. */
export interface AuditRow {
  readonly id: string
  readonly at: number
  readonly actor: string
  readonly from: string
  readonly action: string
  readonly why: string
  readonly about: Readonly<Record<string, string>>
}

/** One step of an episode. */
export type Step =
  | { readonly kind: 'breach'; readonly at: number; readonly message: string; readonly instance?: string }
  | { readonly kind: 'transition'; readonly at: number; readonly transition: Transition }
  | { readonly kind: 'told'; readonly at: number; readonly target: string; readonly type: string; readonly severity: Severity }
  | { readonly kind: 'action'; readonly at: number; readonly audit: AuditRow }

/** `GET api/alerts/<id>?episode=<n>`; without an episode the newest. */
export interface AlertTimeline {
  readonly alert: AlertRow
  readonly episode: number
  /** Those of which anything is still known, the newest first. */
  readonly episodes: readonly { readonly episode: number; readonly from: number; readonly to?: number }[]
  /** Oldest first. */
  readonly steps: readonly Step[]
  /** The stream no longer holds the beginning. */
  readonly cut: boolean
}

/** `GET api/services/<service>/alerts`: episodes of the last day, newest first. */
export interface EpisodeRow extends Span {
  readonly message: string
}

/** `GET api/map`. */
export interface MapNode {
  readonly name: string
  /** `check`: what a service names as a check of its own; `unknown`: nobody has heard of it. */
  readonly is: 'service' | 'check' | 'unknown'
  readonly status: ShownStatus
  readonly reason?: string
  /** It is not well for a reason of its own, and others depend on it. */
  readonly isCause: boolean
}
export interface DependencyMap {
  readonly nodes: readonly MapNode[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
}

/** `GET api/trends?range=24h|30d&service=`. */
export interface TrendRow {
  readonly service: string
  readonly charts: readonly Chart[]
  readonly forecasts: readonly Forecast[]
}
/** When a figure that grows reaches its limit. */
export interface Forecast {
  readonly figure: string
  readonly unit: string
  readonly now: number | null
  readonly limit: number
  /** Growth a day with half the width of its 95 % interval; left out: not enough data. */
  readonly perDay?: { readonly value: number; readonly error: number }
  /** Days until the limit at this pace, and between which they lie; left out: it does not grow, or not enough is known. */
  readonly days?: { readonly value: number; readonly atLeast: number; readonly atMost: number | null }
  /** Why there is none: `not enough data: 40 min of 6 h`, `does not grow`. */
  readonly says?: string
}
export interface Trends {
  readonly range: '24h' | '30d'
  readonly source: 'redis' | 'prometheus'
  readonly rows: readonly TrendRow[]
  /** So many services have no row, where none was asked for by name: the worst have one. Left out: none. */
  readonly servicesLeftOut?: number
  /** Where Prometheus could not be asked: one sentence. */
  readonly trouble?: string
}

/** `GET api/silences`. */
export interface SilenceRow {
  readonly id: string
  readonly matcher: string
  readonly by: string
  readonly why: string
  readonly inForce: boolean
  readonly from: number
  /** Of its present or next window; left out: it is over. */
  readonly until?: number
  readonly repeats?: { readonly every: string; readonly forSeconds: number; readonly zone: string }
  /** It ends with this episode of an alert. */
  readonly endsWith?: { readonly alertId: string; readonly episode: number }
  /** Open alerts that it matches now. */
  readonly matches: readonly string[]
}

/** `POST api/actions/<action>`: `why` is needed by all. */
export interface ActionRequest {
  /** `ack`, `unack`, `resolve`, `note`: one or several open alerts (up to 500). */
  readonly alerts?: readonly string[]
  readonly why: string
  /** `ack`, `silence`, `extend`, `maintenance`, `pause`: milliseconds. */
  readonly forMs?: number
  /** `silence`, `maintenance`. */
  readonly matcher?: string
  /** `silence`: it ends with the alert instead; `matcher` is left out then. */
  readonly untilResolved?: string
  /** `maintenance`; left out: once, from now on. */
  readonly every?: string
  readonly zone?: string
  /** `unsilence`, `extend`. */
  readonly silence?: string
  /** `forget`, and all that services are asked to do. */
  readonly service?: string
  /** What one instance is asked to do; left out: all of them. */
  readonly instance?: string
  /** `stop`, `drain`: the name of the service, typed by whoever asks, where nothing of it is left running then. */
  readonly name?: string
}

/** What became of each; an action of several is done as far as it can be. */
export interface ActionAnswer {
  readonly done: readonly string[]
  readonly refused: readonly { readonly what: string; readonly why: string }[]
}

/** Of every status that is not 2xx. */
export interface Refusal {
  /** One sentence. */
  readonly error: string
}
