import { counted, type CallCounts } from '../service/call-counts.ts'
import { exchange, parseObject, type Transport } from '../service/http-exchange.ts'
import { UpstreamError } from '../service/upstream-error.ts'
import { CHANNELS, type Channel, type Notification, type Receipt } from './notification.ts'

export interface ReceiptPage {
  readonly receipts: readonly Receipt[]
  /** What to ask for next. */
  readonly after: number
}

/** The gateway to everybody's phones and mailboxes. */
export class Gateway {
  readonly #transport: Transport
  readonly #baseUrl: string
  readonly #timeoutMs: number
  readonly #calls = Object.fromEntries([...CHANNELS, 'receipts'].map((name) => [name, {}])) as Record<
    Channel | 'receipts',
    Record<string, number>
  >

  constructor(transport: Transport, baseUrl: string, timeoutMs: number) {
    this.#transport = transport
    this.#baseUrl = baseUrl
    this.#timeoutMs = timeoutMs
  }

  calls(): Readonly<Record<Channel | 'receipts', CallCounts>> {
    return this.#calls
  }

  /** Resolves when the gateway has accepted the notification; one it had accepted before it does not send again. Throws UpstreamError. */
  async accept({ id, channel, trackerId, fence, transition, at }: Notification): Promise<void> {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body: JSON.stringify({ text: `${trackerId}: ${transition} ${fence} at ${new Date(at).toISOString()}` }),
    }
    await counted(this.#calls[channel], exchange(this.#transport, channel, `${this.#baseUrl}/${channel}`, init, this.#timeoutMs))
  }

  /** Receipts in the order in which they came to be. Throws UpstreamError. */
  async receipts(after: number): Promise<ReceiptPage> {
    return await counted(this.#calls.receipts, this.#receipts(after))
  }

  async #receipts(asked: number): Promise<ReceiptPage> {
    const body = await exchange(this.#transport, 'receipts', `${this.#baseUrl}/receipts?after=${asked}`, {}, this.#timeoutMs)
    const { receipts, after } = parseObject('receipts', body)
    if (!Array.isArray(receipts) || typeof after !== 'number')
      throw new UpstreamError('malformed_body', 'receipts: no list, or no end of it')
    return { receipts: receipts as readonly Receipt[], after }
  }
}
