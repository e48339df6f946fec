import { count } from '../service/call-counts.ts'
import { CHANNELS, type ChannelName } from './fault-catalogue.ts'
import type { Faults } from './faults.ts'
import { json, type Address } from './loopback-server.ts'
import type { Random } from './random.ts'
import { refused, siblingServer, SLOW_MS, type SiblingReply, type SiblingServer, type SiblingTraffic } from './sibling-server.ts'
import type { Incoming } from './timed-server.ts'

/** What the gateway did, whether or not the client saw it. */
export interface GatewayBook {
  /** Notifications that were accepted, by channel. */
  readonly accepted: Record<string, number>
  /** Those that were sent again although they had been accepted. */
  readonly again: Record<string, number>
  /** Receipts by channel and outcome, once they can be asked for. */
  readonly receipts: Record<string, Record<string, number>>
}

interface Receipt {
  readonly id: string
  readonly channel: ChannelName
  readonly outcome: 'delivered' | 'bounced'
  readonly reason?: string
  /** Epoch milliseconds. */
  readonly knownAt: number
}

const RECEIPT_MEDIAN_MS = 8_000
const PAGE = 100

/**
 * `POST /push`, `/mail` and `/sms` with an `idempotency-key`, and `GET /receipts?after=…` for the end of mails and text messages, which
 * takes a while.
 */
export function gatewayServer(
  traffic: SiblingTraffic,
  faults: Faults,
  random: Random,
  address: Address,
): SiblingServer & { readonly book: GatewayBook } {
  const book: GatewayBook = { accepted: {}, again: {}, receipts: {} }
  const accepted = new Set<string>()
  const underWay: Receipt[] = []
  const issued: Receipt[] = []

  const accept = (id: string, channel: ChannelName, { at, probe }: Incoming): void => {
    if (accepted.has(id)) return count(book.again, channel)
    accepted.add(id)
    count(book.accepted, channel)
    if (channel === 'push') return
    const bounced = faults.pick(['gateway.bounce'], { probe, channel }) !== undefined
    const end = bounced ? ({ outcome: 'bounced', reason: 'unknown_recipient' } as const) : ({ outcome: 'delivered' } as const)
    underWay.push({ id, channel, ...end, knownAt: at + random.logNormal(RECEIPT_MEDIAN_MS, 0.5) })
  }

  const issue = (now: number): void => {
    underWay.sort((a, b) => a.knownAt - b.knownAt)
    while (underWay[0] && underWay[0].knownAt <= now) {
      const receipt = underWay.shift()!
      issued.push(receipt)
      count((book.receipts[receipt.channel] ??= {}), receipt.outcome)
    }
  }

  const reply = (incoming: Incoming): SiblingReply => {
    const { request, probe, at } = incoming
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://gateway')
    const channel = CHANNELS.find((name) => pathname === `/${name}`)
    if (channel && request.method === 'POST') {
      const id = request.headers['idempotency-key']
      if (typeof id !== 'string') return refused(channel, 400)
      const met = faults.pick(['gateway.500', 'gateway.slow'], { probe, channel })
      if (met?.name === 'gateway.500') return refused(channel, 500, met.name)
      accept(id, channel, incoming)
      return { to: channel, answer: json({ id }), ...(met && { fault: met.name, delayMs: met.settings.delay_ms ?? SLOW_MS }) }
    }
    if (pathname !== '/receipts' || request.method !== 'GET') return refused('other', 404)
    issue(at)
    const after = Number(searchParams.get('after') ?? 0)
    const page = issued.slice(after, after + PAGE)
    const receipts = page.map(({ id, outcome, reason }) => ({ id, outcome, ...(reason !== undefined && { reason }) }))
    return { to: 'receipts', answer: json({ receipts, after: after + page.length }) }
  }

  return { ...siblingServer(traffic, 60, address, reply), book }
}
