/** The requests that a filled-in dialog becomes. Pure. */
import type { ActionRequest } from '../../protocol.ts'
import type { AskingAboutAlerts } from './asking.ts'

export interface Filled {
  readonly why: string
  /** Milliseconds; left out: until the alert is resolved. */
  readonly forMs?: number
  /** One a line, where there are several. */
  readonly matchers: readonly string[]
  readonly repeats?: { readonly every: string; readonly zone: string }
}

/** The server takes so many alerts at once. */
const MOST_ALERTS = 500

export function requestsOf(asking: AskingAboutAlerts, { why, forMs, matchers, repeats }: Filled): readonly ActionRequest[] {
  switch (asking.action) {
    case 'ack':
    case 'unack':
    case 'resolve':
    case 'note': {
      const ids = asking.alerts.map(({ id }) => id)
      const parts = Array.from({ length: Math.ceil(ids.length / MOST_ALERTS) }, (_, i) => ids.slice(i * MOST_ALERTS, (i + 1) * MOST_ALERTS))
      return parts.map((alerts) => ({ why, alerts, ...(asking.action === 'ack' && forMs !== undefined && { forMs }) }))
    }
    case 'silence':
      if (forMs === undefined && asking.alert) return [{ why, untilResolved: asking.alert.id }]
      return matchers.map((matcher) => ({ why, matcher, ...(forMs !== undefined && { forMs }) }))
    case 'maintenance':
      return matchers.map((matcher) => ({ why, matcher, ...repeats, ...(forMs !== undefined && { forMs }) }))
    case 'unsilence':
      return [{ why, silence: asking.silence.id }]
    case 'extend':
      return [{ why, silence: asking.silence.id, ...(forMs !== undefined && { forMs }) }]
    case 'forget':
      return [{ why, service: asking.service }]
  }
}
