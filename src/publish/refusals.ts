/** What Redis refuses, and what is said of it. */
import { diag } from '../diag.ts'
import type { Clock } from '../types.ts'

const MOST_KINDS = 20
/** A refusal that has not come for so long is news when it comes again: what is refused is sent again sooner. */
const IS_OVER_MS = 60_000

/** Each kind is said once, for as long as it goes on. */
export class Refusals {
  readonly #service: string
  readonly #clock: Clock
  /** When each kind came last. */
  readonly #kinds = new Map<string, number>()

  constructor(service: string, clock: Clock) {
    this.#service = service
    this.#clock = clock
  }

  say(reason: string): void {
    const [now, kind] = [this.#clock.monotonicMs(), reason.slice(0, 40)]
    const last = this.#kinds.get(kind)
    if (last === undefined && this.#kinds.size === MOST_KINDS) this.#kinds.clear()
    this.#kinds.set(kind, now)
    if (last !== undefined && now - last < IS_OVER_MS) return
    diag.warn(`otel-health: Redis refuses a message of ${this.#service} (${reason}); it is kept and sent again until Redis takes it.`)
  }
}

export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

/** The server takes no writes at all, for now. Older servers wrap these codes into the text of a script's error. */
export function isRefusalOfAll(error: Error): boolean {
  return /\b(OOM|READONLY|LOADING|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOAUTH|WRONGPASS|EXECABORT)\b/.test(error.message)
}
