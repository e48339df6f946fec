/**
 * Who has logged in: in memory, so that a restart of the panel logs everybody out. An id is random and is made at the login, whatever the
 * browser had before; only its digest is kept. A session ends when it is logged out, has not been used for long, or is old; with it end its
 * live streams.
 */
import { createHash, randomBytes } from 'node:crypto'

import type { Cancel, Clock } from '../../../types.ts'
import type { User } from './rights.ts'

export interface SessionLimits {
  /** Milliseconds without a request after which one has to log in again. Default 12 h. */
  readonly idleMs?: number
  /** Milliseconds after which one has to log in again in any case. Default 7 days. */
  readonly longestMs?: number
  /** So many at most, and of one user: the one that has not been used for longest ends. */
  readonly most?: number
  readonly mostOfUser?: number
}

export interface PanelSession {
  readonly user: User
  /** Aborted when it ends. */
  readonly ended: AbortSignal
  /** Tells it from others, and lets nobody in. */
  readonly key: string
}

interface Kept extends PanelSession {
  readonly startedAt: number
  usedAt: number
  readonly end: AbortController
}

const HOUR_MS = 3_600_000
const SWEEP_MS = 60_000

export class Sessions {
  readonly #limits: Required<SessionLimits>
  readonly #clock: Clock
  readonly #cancelSweep: Cancel
  /** By the digest of their id, the one that has not been used for longest first. */
  readonly #sessions = new Map<string, Kept>()

  constructor(limits: SessionLimits, clock: Clock) {
    this.#limits = { idleMs: 12 * HOUR_MS, longestMs: 7 * 24 * HOUR_MS, most: 5000, mostOfUser: 50, ...limits }
    this.#clock = clock
    this.#cancelSweep = clock.every(SWEEP_MS, () => this.#sweep())
  }

  /** The id of a new session: for the cookie alone. */
  begin(user: User): { readonly id: string; readonly session: PanelSession } {
    const ofUser = [...this.#sessions.values()].filter((each) => each.user.name === user.name)
    if (ofUser.length >= this.#limits.mostOfUser) this.#end(ofUser[0]!)
    if (this.#sessions.size >= this.#limits.most) this.#end(this.#sessions.values().next().value!)
    const id = randomBytes(32).toString('base64url')
    const end = new AbortController()
    const now = this.#clock.monotonicMs()
    const session: Kept = { user, key: keyOf(id), ended: end.signal, end, startedAt: now, usedAt: now }
    this.#sessions.set(session.key, session)
    return { id, session }
  }

  /** Being asked for it counts as use. */
  find(id: string): PanelSession | undefined {
    const session = this.#sessions.get(keyOf(id))
    if (!session) return undefined
    if (this.#isOver(session)) {
      this.#end(session)
      return undefined
    }
    session.usedAt = this.#clock.monotonicMs()
    this.#sessions.delete(session.key)
    this.#sessions.set(session.key, session)
    return session
  }

  end(id: string): void {
    const session = this.#sessions.get(keyOf(id))
    if (session) this.#end(session)
  }

  /** Ends all, and keeps no time any more. */
  close(): void {
    this.#cancelSweep()
    for (const session of [...this.#sessions.values()]) this.#end(session)
  }

  get size(): number {
    return this.#sessions.size
  }

  #isOver({ startedAt, usedAt }: Kept): boolean {
    const now = this.#clock.monotonicMs()
    return now - usedAt >= this.#limits.idleMs || now - startedAt >= this.#limits.longestMs
  }

  #sweep(): void {
    for (const session of [...this.#sessions.values()]) if (this.#isOver(session)) this.#end(session)
  }

  #end(session: Kept): void {
    this.#sessions.delete(session.key)
    session.end.abort()
  }
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}
