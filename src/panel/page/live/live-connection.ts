/**
 * What the panel's server says, as it says it: over a stream, and by asking again and again where there is none. Whatever is lost on the
 * way is noticed and asked for. Time, chance and the network are given, so that tests have them in hand.
 */
import type { Change, Now, PollAnswer, Transition } from '../../protocol.ts'
import { following } from './feed-id.ts'
import type { LinkState } from './freshness.ts'

export interface Stream {
  close(): void
}
export interface StreamHeard {
  readonly onEvent: (event: string, id: string, data: string) => void
  readonly onError: () => void
}

export interface LiveParts {
  /** Opens `api/live`; since which id, where something was heard before. */
  readonly open: (since: string | undefined, heard: StreamHeard) => Stream
  /** Asks `api/now`. Rejects if it cannot be had. */
  readonly poll: (since: string | undefined) => Promise<PollAnswer>
  readonly nowMs: () => number
  readonly after: (ms: number, run: () => void) => () => void
  /** From 0 to 1. */
  readonly random: () => number
}

export interface LiveHeard {
  readonly onNow: (now: Now) => void
  readonly onChange: (change: Change) => void
  readonly onTransition: (transition: Transition) => void
  readonly onLink: (link: LinkState) => void
}

/** The server says something every second. */
const DEAD_MS = 4000
/** Whoever looks at the clock twice a second and finds so much gone has slept. */
const SLEPT_MS = 5000
const LONGEST_WAIT_MS = 5000
const POLL_MS = 1500
/** So often it is tried whether there is a stream again. */
const STREAM_AGAIN_MS = 15_000

export class LiveConnection {
  readonly #parts: LiveParts
  readonly #heard: LiveHeard
  #stream: Stream | undefined
  #cancel: (() => void) | undefined
  #lastId: string | undefined
  #failures = 0
  #heardAt = 0
  #tickedAt = 0
  #streamTriedAt = 0
  #polling = false
  #isStopped = true
  /** Each attempt has its number: what a former one hears too late is not listened to. */
  #attempt = 0

  constructor(parts: LiveParts, heard: LiveHeard) {
    this.#parts = parts
    this.#heard = heard
  }

  /** From where it was, if it was stopped before. */
  start(): void {
    this.#isStopped = false
    this.#tickedAt = this.#parts.nowMs()
    this.#heard.onLink('connecting')
    this.#openStream()
  }

  stop(): void {
    this.#isStopped = true
    this.#attempt++
    this.#leave()
  }

  /** To be called twice a second, by a timer that stands still while the machine sleeps. */
  tick(): void {
    if (this.#isStopped) return
    const now = this.#parts.nowMs()
    const slept = now - this.#tickedAt > SLEPT_MS
    this.#tickedAt = now
    if (slept) this.wake()
    else if (this.#stream && !this.#polling && now - Math.max(this.#heardAt, this.#streamTriedAt) > DEAD_MS) this.#fail()
  }

  /** There may be a network again: what has said nothing for a while is not waited for. */
  wake(): void {
    if (this.#isStopped || this.#parts.nowMs() - this.#heardAt < 1500) return
    this.#failures = 0
    this.#polling = false
    this.#openStream()
  }

  #openStream(): void {
    this.#leave()
    this.#streamTriedAt = this.#parts.nowMs()
    const attempt = ++this.#attempt
    const isMine = (): boolean => attempt === this.#attempt
    this.#stream = this.#parts.open(this.#lastId, {
      onEvent: (event, id, data) => {
        if (isMine()) this.#hear(event, id, data)
      },
      onError: () => {
        if (isMine()) this.#fail()
      },
    })
  }

  /** What comes over the stream. What cannot be read counts as a stream that fails. */
  #hear(event: string, id: string, data: string): void {
    this.#heardAt = this.#parts.nowMs()
    let said: unknown
    try {
      said = JSON.parse(data)
    } catch {
      return this.#again()
    }
    if (event === 'now') {
      this.#lastId = id
      this.#heard.onNow(said as Now)
    } else {
      const follows = following(this.#lastId, id)
      if (follows === 'gap') return this.#again()
      if (follows === 'old') return
      this.#lastId = id
      if (event === 'change') this.#heard.onChange(said as Change)
      else if (event === 'transition') this.#heard.onTransition(said as Transition)
    }
    this.#failures = 0
    this.#polling = false
    this.#heard.onLink('streaming')
  }

  /** From the beginning: a Now comes first then. */
  #again(): void {
    this.#lastId = undefined
    this.#fail()
  }

  #fail(): void {
    this.#failures++
    if (!this.#polling) this.#heard.onLink('lost')
    this.#leave()
    this.#attempt++
    const wait = Math.min(LONGEST_WAIT_MS, 250 * 2 ** Math.min(10, this.#failures))
    this.#later(wait * (0.5 + this.#parts.random() / 2), () => this.#tryAgain())
  }

  /** A stream that failed twice may be impossible here: then the same is asked for. */
  #tryAgain(): void {
    if (this.#failures < 2 || this.#parts.nowMs() - this.#streamTriedAt > STREAM_AGAIN_MS) this.#openStream()
    else void this.#poll()
  }

  async #poll(): Promise<void> {
    const attempt = ++this.#attempt
    let answer: PollAnswer
    try {
      answer = await this.#parts.poll(this.#lastId)
    } catch {
      if (attempt !== this.#attempt) return
      this.#polling = false
      // The server was away altogether: when it is back there may be a stream.
      this.#streamTriedAt = Math.min(this.#streamTriedAt, this.#parts.nowMs() - STREAM_AGAIN_MS / 2)
      return this.#fail()
    }
    if (attempt !== this.#attempt) return
    this.#heardAt = this.#parts.nowMs()
    this.#lastId = answer.id
    if ('now' in answer) this.#heard.onNow(answer.now)
    else {
      for (const change of answer.changes) this.#heard.onChange(change)
      for (const transition of answer.transitions) this.#heard.onTransition(transition)
    }
    this.#polling = true
    this.#heard.onLink('polling')
    this.#later(POLL_MS, () => this.#tryAgain())
  }

  #later(ms: number, run: () => void): void {
    this.#cancel?.()
    this.#cancel = this.#parts.after(ms, run)
  }

  #leave(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#stream?.close()
    this.#stream = undefined
  }
}
