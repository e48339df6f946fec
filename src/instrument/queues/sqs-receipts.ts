/** The messages of one SQS queue that this process has received and not deleted yet. */
import type { LibraryListener } from './queue-library.ts'

/** Beyond that many the oldest are forgotten; SQS itself gives out no more than 120,000. */
const MOST = 20_000
/** Milliseconds: a receive waits 20 s at most, so whoever still receives has done so by then. */
const IN_USE_MS = 120_000

type Listener = Pick<LibraryListener, 'clock' | 'onAttempt'>

interface Receipt {
  readonly receivedAt: number
  /** On the monotonic clock; `undefined` while it is not known how long the queue waits. */
  visibleAt: number | undefined
}

export class SqsReceipts {
  readonly #name: string
  readonly #listener: Listener
  readonly #receipts = new Map<string, Receipt>()
  #receivedAt = -Infinity
  /** Where another process deletes what this one receives, nothing is known of how it ends. */
  #deletes = false
  /** How long the queue keeps a message from others unless the receipt says, seconds. */
  visibilitySeconds: number | undefined

  constructor(name: string, listener: Listener) {
    this.#name = name
    this.#listener = listener
  }

  isInUse(): boolean {
    return this.#now() - this.#receivedAt < IN_USE_MS
  }

  /** `visibilitySeconds`: as the request had it, if it had. */
  received(handles: readonly (string | undefined)[], visibilitySeconds: number | undefined): void {
    const now = this.#now()
    this.#receivedAt = now
    this.expire()
    for (const handle of handles) {
      if (handle === undefined) continue
      const seconds = visibilitySeconds ?? this.visibilitySeconds
      this.#receipts.set(handle, { receivedAt: now, visibleAt: seconds === undefined ? undefined : now + seconds * 1000 })
      if (this.#receipts.size > MOST) this.#receipts.delete(this.#receipts.keys().next().value!)
    }
  }

  deleted(handle: string | undefined): void {
    this.#deletes = true
    this.#end(handle, undefined)
  }

  /** Its time to be visible was changed: at once is to give it back, later is to go on with it. Seconds. */
  moved(handle: string | undefined, visibilitySeconds: number | undefined): void {
    const receipt = this.#receipts.get(handle ?? '')
    if (!receipt || visibilitySeconds === undefined) return
    if (visibilitySeconds === 0) this.#end(handle, { code: 'given_back' })
    else receipt.visibleAt = this.#now() + visibilitySeconds * 1000
  }

  /** Ends those whose time is over. */
  expire(): void {
    if (!this.#deletes) return
    const now = this.#now()
    for (const [handle, { receivedAt, visibleAt }] of this.#receipts) {
      const over = visibleAt ?? (this.visibilitySeconds === undefined ? Infinity : receivedAt + this.visibilitySeconds * 1000)
      if (over <= now) this.#end(handle, { code: 'not_deleted' })
    }
  }

  #end(handle: string | undefined, error: { readonly code: string } | undefined): void {
    const receipt = handle === undefined ? undefined : this.#receipts.get(handle)
    if (!receipt) return
    this.#receipts.delete(handle!)
    const durationMs = this.#now() - receipt.receivedAt
    this.#listener.onAttempt(() => ({
      queue: this.#name,
      durationMs,
      failed: error !== undefined,
      postponed: false,
      ...(error && { error }),
    }))
  }

  #now(): number {
    return this.#listener.clock.monotonicMs()
  }
}
