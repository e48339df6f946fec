import type { Severity, Status } from '../../src/types.ts'
import type { AlertMessage } from '../../src/wire/alert-message.ts'
import type { HealthMessage } from '../../src/wire/message.ts'
import type { MetricsMessage } from '../../src/wire/metrics-message.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'
import { addToFeed, type FeedEntry, type Tone } from './feed.ts'
import type { ActiveFault } from './fault-keys.ts'
import { metricRows, type Limits, type MetricRow } from './metric-rows.ts'
import type { OtlpReceiver } from './otlp-receiver.ts'

/** Something that runs, with where it is reached. */
export interface Part {
  readonly name: string
  readonly address: string
  readonly detail?: string
}

type Heard<M> = M & { readonly heardAt: number }

/** Everything the demo knows and shows. Filled from the health channels alone, as any reader of them could. */
export class View {
  readonly service: string
  readonly limits: Limits
  parts: readonly Part[] = []
  otlp: OtlpReceiver['counts'] | undefined
  status: Heard<StatusMessage> | undefined
  metrics: Heard<MetricsMessage> | undefined
  feed: readonly FeedEntry[] = []
  faults: readonly ActiveFault[] = []
  stopping = false
  alertsFired = 0
  alertsResolved = 0
  readonly #onNews: (entry: FeedEntry) => void

  /** `onNews` is told of every entry of the feed that is not a repetition. */
  constructor(service: string, limits: Limits, onNews: (entry: FeedEntry) => void) {
    this.service = service
    this.limits = limits
    this.#onNews = onNews
  }

  /** A message about the service. */
  hear(message: HealthMessage, now: number): void {
    if (message.channel === 'status') {
      this.status = { ...message, heardAt: now }
      const { status, phase, beat, reasons } = message
      const because = reasons.length > 0 ? `: ${reasons.map(shortReason).join(', ')}` : ''
      this.say('status', `${status}, ${phase}, beat ${beat}${because}`, toneOfStatus(status), now, `${status} ${phase}`)
    } else if (message.channel === 'metrics') {
      this.metrics = { ...message, heardAt: now }
      const rows = this.metricRows(now)
      const known = rows.filter((row) => row.known)
      const text =
        known.length < rows.length ? `${known.length} of ${rows.length} metrics known` : rows.map(({ value }) => inShort(value)).join(', ')
      this.say('metrics', text, 'plain', now, `${known.length} known`)
    } else {
      if (message.type === 'fired') this.alertsFired++
      if (message.type === 'resolved') this.alertsResolved++
      this.say('alerts', `${message.type} ${message.rule} ${message.severity}: ${message.message}`, toneOfAlert(message), now)
    }
  }

  say(source: string, text: string, tone: Tone, now: number, topic?: string): void {
    this.feed = addToFeed(this.feed, { at: now, source, text, tone, topic })
    const entry = this.feed.at(-1)!
    if (entry.times === 1) this.#onNews(entry)
  }

  /** What the control server says is on now; changes become news. */
  setFaults(faults: readonly ActiveFault[], now: number): void {
    const before = this.faults
    this.faults = faults
    for (const fault of faults) {
      if (!before.some(({ name, since }) => name === fault.name && since === fault.since))
        this.say('fault', `${describe(fault)} is on`, 'warning', now)
    }
    for (const { name } of before) {
      if (!faults.some((fault) => fault.name === name)) this.say('fault', `${name} is off`, 'good', now)
    }
  }

  metricRows(now: number): readonly MetricRow[] {
    const { metrics } = this
    return metricRows(metrics ?? { metrics: {}, evidence: {} }, this.limits, metrics ? now - metrics.heardAt : 0)
  }

  openAlerts(): StatusMessage['alerts'] {
    return (this.status?.alerts ?? []).toSorted((a, b) => a.severity.localeCompare(b.severity) || a.since.localeCompare(b.since))
  }
}

export function toneOfStatus(status: Status): Tone {
  return status === 'healthy' ? 'good' : status === 'unhealthy' ? 'bad' : 'warning'
}

export function toneOfSeverity(severity: Severity): Tone {
  return severity === 'CRITICAL' ? 'bad' : 'warning'
}

function toneOfAlert({ type, severity }: AlertMessage): Tone {
  return type === 'resolved' ? 'good' : toneOfSeverity(severity)
}

/** A metric's value without what explains it. */
function inShort(value: string): string {
  return value.replace(/(?:[:;]|  ).*/, '')
}

/** An alert by its name alone: its sentence came with the alert. */
function shortReason(reason: string): string {
  return reason.replace(/^([a-z_]+): .*$/s, '$1')
}

function describe({ name, settings }: ActiveFault): string {
  return settings.probability === undefined ? name : `${name} with probability ${settings.probability}`
}
