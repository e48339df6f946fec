import { addToFeed, type FeedEntry, type Tone } from './feed.ts'
import type { ActiveFault } from './fault-keys.ts'
import { readMessage, type AlertEntry, type AlertMessage, type Message, type MetricsMessage, type StatusMessage } from './messages.ts'
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

  /** A message of one of the service's channels. */
  hear(kind: Message['kind'], json: string, now: number): void {
    const message = readMessage(kind, json)
    if (message?.kind === 'status') {
      this.status = { ...message, heardAt: now }
      const { status, phase, beat } = message
      const reason = message.reasons.length > 0 ? `: ${message.reasons.map(shortReason).join(', ')}` : ''
      this.say('status', `${status}, ${phase}, beat ${beat}${reason}`, toneOfStatus(status), now, `${status} ${phase}`)
    } else if (message?.kind === 'metrics') {
      this.metrics = { ...message, heardAt: now }
      const rows = this.metricRows(now)
      const unknown = rows.filter((row) => !row.known).length
      const text =
        unknown > 0
          ? `${rows.length - unknown} of ${rows.length} metrics known`
          : rows.map((row) => row.value.replace(/(?:[:;]|  ).*/, '')).join(', ')
      this.say('metrics', text, 'plain', now, `${unknown} unknown`)
    } else if (message?.kind === 'alert' && message.service === this.service) {
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

  openAlerts(): readonly AlertEntry[] {
    return (this.status?.alerts ?? []).toSorted((a, b) => a.severity.localeCompare(b.severity) || a.since - b.since)
  }
}

export function toneOfStatus(status: string): Tone {
  return status === 'healthy' ? 'good' : status === 'unhealthy' ? 'bad' : 'warning'
}

export function toneOfSeverity(severity: string): Tone {
  return severity === 'CRITICAL' ? 'bad' : 'warning'
}

function toneOfAlert({ type, severity }: AlertMessage): Tone {
  return type === 'resolved' ? 'good' : toneOfSeverity(severity)
}

/** An alert by its name alone: its sentence came with the alert. */
function shortReason(reason: string): string {
  return reason.replace(/^([a-z_]+): .*$/s, '$1')
}

function describe({ name, settings }: ActiveFault): string {
  return settings.probability === undefined ? name : `${name} with probability ${settings.probability}`
}
