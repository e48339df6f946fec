import { ERROR_TYPE } from '../../../../src/catalogue.ts'
import { CHANNEL, DELIVERIES, DELIVERY_LATENCY, GIVE_UPS, OUTCOME, RETRIES } from '../../../../src/kinds/notification/metrics.ts'
import { added, countBy, figures, prefixed, sum, total, type Counts, type Figure } from '../../figures.ts'
import type { Books, Telemetry } from './books.ts'
import { attempts, calls, counted } from './work.ts'

/** As the service sends them unless it is told otherwise. */
const ROUTES = { push: ['enter', 'exit', 'dwell'], mail: ['enter', 'exit'], sms: ['dwell'] } as const
const CHANNELS = ['push', 'mail', 'sms'] as const

export function notificationBooks({ counts, siblings, left }: Books, telemetry: Telemetry): readonly Figure[] {
  const { otlp } = telemetry
  const { accepted, receipts, calls: answers } = siblings.gateway
  const { events, notifications, deliveries, reasons, retries, gatewayCalls } = counts.notification
  const made: Counts = { ...counts.realtime_geofence.events }
  const routed = Object.fromEntries(
    CHANNELS.map((channel) => [channel, ROUTES[channel].reduce((all, transition) => all + (made[transition] ?? 0), 0)]),
  )
  const byOutcome = (channels: Readonly<Record<string, Counts>>): Counts =>
    Object.entries(channels).reduce<Counts>((all, [channel, outcomes]) => added(all, prefixed(`${channel} `, outcomes)), {})
  const refused = (channel: string): number => total(answers[channel] ?? {}) - (answers[channel]?.['ok'] ?? 0)
  const byChannel = (metric: string): Counts => countBy(otlp.of(metric), ({ attributes }) => attributes[CHANNEL]!)
  const delivered = otlp.of(DELIVERIES.name)
  const { ok: _, ...failed } = { ok: 0, ...reasons }
  const good = CHANNELS.reduce((all, channel) => all + (deliveries[channel]['sent'] ?? 0) + (deliveries[channel]['delivered'] ?? 0), 0)
  const inFlight = left.outbox + left.retry + left.pending

  return [
    ...figures('events of the geofence', { truth: made, otlp: events }),
    ...figures('notifications for events', { truth: routed, otlp: notifications }),
    ...figures('deliveries', {
      // What was accepted was sent, and what has a receipt was delivered or has bounced; only the service knows what it gave up.
      truth: byOutcome({
        push: { sent: accepted['push'] ?? 0, failed: deliveries.push['failed'] ?? 0 },
        mail: { ...receipts['mail'], failed: deliveries.mail['failed'] ?? 0 },
        sms: { ...receipts['sms'], failed: deliveries.sms['failed'] ?? 0 },
      }),
      otlp: countBy(delivered, ({ attributes }) => `${attributes[CHANNEL]} ${attributes[OUTCOME]}`),
      service: byOutcome(deliveries),
    }),
    {
      what: 'notifications = deliveries and what is under way',
      truth: total(notifications),
      otlp: sum(delivered) + inFlight,
      totals: total(counted(telemetry, DELIVERIES.name, []).totals) + inFlight,
    },
    { what: 'under way after the drain', truth: 0, otlp: inFlight + left.events },
    ...figures('not delivered for', {
      truth: reasons,
      otlp: countBy(
        delivered.filter(({ attributes }) => attributes[ERROR_TYPE] !== undefined),
        ({ attributes }) => attributes[ERROR_TYPE]!,
      ),
    }),
    ...figures('latencies of', {
      truth: Object.fromEntries(CHANNELS.map((channel) => [channel, total(deliveries[channel])])),
      otlp: countBy(
        otlp.of(DELIVERY_LATENCY.name),
        ({ attributes }) => attributes[CHANNEL]!,
        ({ count }) => count,
      ),
    }),
    ...figures('retries after', {
      truth: retries,
      otlp: countBy(otlp.of(RETRIES.name), ({ attributes }) => attributes[ERROR_TYPE]!),
    }),
    ...figures('refused by the gateway = retries and give-ups of', {
      truth: Object.fromEntries(CHANNELS.map((channel) => [channel, refused(channel)])),
      otlp: added(byChannel(RETRIES.name), byChannel(GIVE_UPS.name)),
    }),
    {
      what: 'given up',
      truth: left.dead,
      otlp: sum(otlp.of(GIVE_UPS.name)),
      totals: total((telemetry.totals[GIVE_UPS.name] ?? {}) as Counts),
      service: CHANNELS.reduce((all, channel) => all + (deliveries[channel]['failed'] ?? 0), 0),
    },
    ...attempts(telemetry, { ok: good, failed }),
    ...calls(telemetry, 'gateway', Object.values(answers).reduce(added, {}), Object.values(gatewayCalls).reduce(added, {})),
  ]
}
