/**
 * The other side of the channels: subscribes and buffers, reads the snapshot, applies what is newer, fills a gap from the stream, and
 * begins again where the sequence did. A reader that joins late, is slow or loses its connection ends up with the same view as one
 * that heard every message, and is told of every transition that the stream still holds once and in order.
 */
import type { Cluster, Redis } from 'ioredis'
import { diag } from '../diag.ts'
import { isOpen } from '../judge/alert.ts'
import type { Cancel, Clock } from '../types.ts'
import type { AlertMessage } from '../wire/alert-message.ts'
import type { AlertView } from '../wire/alert-view.ts'
import { parseMessage, type HealthMessage } from '../wire/message.ts'
import type { StatusMessage } from '../wire/status-message.ts'
import { ALERTS_CHANNEL, ALERTS_KEY, METRICS_CHANNELS, STATUS_CHANNELS } from '../wire/names.ts'
import { readSnapshot, type HealthView, type ServiceView } from './snapshot.ts'

export interface FollowOptions {
  /** For reading. Not closed by `follow`. */
  readonly client: Redis | Cluster
  /** For listening, and for nothing else. Not closed by `follow`. */
  readonly subscriber: Redis | Cluster
  readonly clock: Clock
  /**
   * Milliseconds between two looks at the snapshot: what nobody tells (an instance that fell silent, a message that was lost last, a
   * socket that is dead) is noticed this late.
   */
  readonly refreshMs?: number
  /** Every message, once, with its text. Status and metrics as they come; alerts in the order of their sequence, missed ones included. */
  readonly onMessage?: (message: HealthMessage, text: string, channel: string) => void
  /** After every change of what is known. */
  readonly onView?: (view: HealthView) => void
}

export interface Follower {
  readonly view: HealthView
  /** Messages that were no messages; gaps that were filled; beginnings after the first. */
  readonly stats: { readonly bad: number; readonly gaps: number; readonly restarts: number }
  close(): void
}

/** While a snapshot is read. More than this and the next snapshot has to do. */
const MOST_BUFFERED = 10_000
const MOST_FILLED = 10_000

/** Rejects if the first snapshot cannot be read; afterwards goes on by itself. */
export async function follow(options: FollowOptions): Promise<Follower> {
  const { client, subscriber, clock, refreshMs = 5000, onMessage, onView } = options
  const stats = { bad: 0, gaps: 0, restarts: 0 }
  let view: HealthView = { at: 0, epoch: null, seq: 0, services: [], alerts: [] }
  let lastId = '0-0'
  let buffer: { readonly message: HealthMessage; readonly text: string; readonly channel: string }[] | undefined = []
  let closed = false
  let again = false

  const hear = (channel: string, text: string) => {
    const message = parseMessage(channel, text)
    if (!message) {
      stats.bad++
      diag.debug(`otel-health: a message on ${channel} is not one and was ignored`)
    } else if (!buffer) apply(message, text, channel)
    else if (buffer.length < MOST_BUFFERED) buffer.push({ message, text, channel })
  }
  const onPattern = (_pattern: string, channel: string, text: string) => hear(channel, text)

  const apply = (message: HealthMessage, text: string, channel: string) => {
    if (message.channel === 'alerts') {
      // There is no epoch before the first transition of all.
      const sameEpoch = message.epoch === view.epoch || view.epoch === null
      if (sameEpoch && message.seq <= view.seq && !wentBack(message, view.seq, lastId)) return
      if (!sameEpoch || message.seq !== view.seq + 1) {
        // Told when the snapshot and the stream have been read.
        void resync()
        return
      }
      advance(message, text)
    } else {
      if (message.channel === 'status') {
        const services = withStatus(view.services, message)
        if (!services) return
        view = { ...view, at: Math.max(view.at, Date.parse(message.timestamp)), services }
      }
      onMessage?.(message, text, channel)
    }
    onView?.(view)
  }

  const advance = (message: AlertMessage, text: string) => {
    view = { ...view, epoch: message.epoch, seq: message.seq, alerts: withAlert(view.alerts, message) }
    lastId = message.id
    onMessage?.(message, text, ALERTS_CHANNEL)
  }

  /** One at a time; asked for meanwhile, it is done once more. */
  const resync = async (first = false): Promise<void> => {
    if (buffer && !first) {
      again = true
      return
    }
    buffer ??= []
    again = false
    try {
      if (first) lastId = (await client.xrevrange(ALERTS_KEY, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0'
      const snapshot = await readSnapshot(client)
      if (closed) return
      if (!first) {
        if ((view.epoch !== null && snapshot.epoch !== view.epoch) || snapshot.seq < view.seq) {
          stats.restarts++
          lastId = '0-0'
          view = { ...view, epoch: snapshot.epoch, seq: 0 }
        } else if (snapshot.seq > view.seq) stats.gaps++
        if (snapshot.seq > view.seq) await tellMissed(snapshot)
      }
      view = snapshot
      onView?.(view)
    } catch (error) {
      if (first) throw error
      diag.debug('otel-health: the snapshot could not be read', error)
    } finally {
      const held = buffer
      buffer = undefined
      for (const { message, text, channel } of held) {
        if (buffer) hear(channel, text)
        else apply(message, text, channel)
      }
    }
    if (again && !closed) await resync()
  }

  /** What the stream holds of the transitions after those that were told, up to the snapshot. */
  const tellMissed = async ({ epoch, seq }: HealthView) => {
    const entries = await client.xrange(ALERTS_KEY, lastId === '0-0' ? '-' : `(${lastId}`, '+', 'COUNT', MOST_FILLED)
    for (const [, [, text = '']] of entries) {
      const message = parseMessage(ALERTS_CHANNEL, text)
      if (message?.channel === 'alerts' && message.epoch === epoch && message.seq > view.seq && message.seq <= seq) advance(message, text)
    }
  }

  // What was said while the connection was away is lost to the channel.
  const onReady = () => void resync()
  subscriber.on('pmessage', onPattern)
  subscriber.on('message', hear)
  await Promise.all([subscriber.subscribe(ALERTS_CHANNEL), subscriber.psubscribe(STATUS_CHANNELS, METRICS_CHANNELS)])
  await resync(true)
  subscriber.on('ready', onReady)
  const cancel: Cancel = clock.every(refreshMs, () => {
    // A listener that is owed nothing never notices that its server is gone; an answer it is owed.
    subscriber.ping().catch(() => {})
    void resync()
  })

  return {
    get view() {
      return view
    },
    stats,
    close() {
      closed = true
      cancel()
      subscriber.off('pmessage', onPattern).off('message', hear).off('ready', onReady)
    },
  }
}

/** A lower number under a later date: the counter was lost although the epoch was not. */
function wentBack({ seq, id }: AlertMessage, known: number, lastId: string): boolean {
  return seq < known && Number(id.split('-')[0]) > Number(lastId.split('-')[0])
}

/** `undefined` if the message is older than what is known: it was held up on its way. */
function withStatus(services: readonly ServiceView[], message: StatusMessage): readonly ServiceView[] | undefined {
  const at = Date.parse(message.timestamp)
  const service = services.find((each) => each.service === message.service) ?? { service: message.service, lastBeatAt: at, instances: [] }
  const known = service.instances.find(({ instance }) => instance === message.instance)
  if (known?.status && Date.parse(known.status.timestamp) > at) return undefined
  const others = service.instances.filter(({ instance }) => instance !== message.instance)
  const instances = message.phase === 'stopped' ? others : [...others, { instance: message.instance, lastBeatAt: at, status: message }]
  const rest = services.filter((each) => each !== service)
  if (instances.length === 0) return rest
  return [...rest, { ...service, lastBeatAt: at, instances }].toSorted((a, b) => (a.service < b.service ? -1 : 1))
}

function withAlert(alerts: readonly AlertView[], message: AlertMessage): readonly AlertView[] {
  const others = alerts.filter(({ alert_id }) => alert_id !== message.alert_id)
  const known = alerts.find(({ alert_id }) => alert_id === message.alert_id)
  if (known && known.rev > message.rev) return alerts
  return isOpen(message) ? [...others, message] : others
}
