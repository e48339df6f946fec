import type { HealthMessage } from '../../src/wire/message.ts'
import type { MetricsMessage } from '../../src/wire/metrics-message.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'
import type { FeedEntry } from './feed.ts'
import { metricRows, type Limits, type MetricRow } from './metric-rows.ts'
import { shortReason, Shown, toneOfAlert, toneOfStatus } from './shown.ts'

type Heard<M> = M & { readonly heardAt: number }

/** One service with all that it says of itself. Filled from the health channels alone, as any reader of them could. */
export class View extends Shown {
  readonly service: string
  readonly limits: Limits
  status: Heard<StatusMessage> | undefined
  metrics: Heard<MetricsMessage> | undefined

  constructor(service: string, limits: Limits, onNews: (entry: FeedEntry) => void) {
    super(onNews)
    this.service = service
    this.limits = limits
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
      this.count(message)
      this.say('alerts', `${message.type} ${message.rule} ${message.severity}: ${message.message}`, toneOfAlert(message), now)
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

/** A metric's value without what explains it. */
function inShort(value: string): string {
  return value.replace(/(?:[:;]|  ).*/, '')
}
