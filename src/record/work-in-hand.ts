/**
 * Work that has begun and not ended: how much, and since when. Counted as it begins and as it ends, so that "drained" means that nothing is in
 * hand, and not that a promise of a library resolved. What a service tells only when it is over is not among it.
 */
import type { InHand, PieceInHand } from '../supervised/supervised.ts'
import type { Cancel, Clock } from '../types.ts'

/** Pieces that are told apart; further ones are counted, and known by nothing else. A service that never ends what it begins takes no more memory. */
const MOST_PIECES = 10_000
/** Of which more is told than that they are there. */
const MOST_SHOWN = 20

/** One that has begun. Whoever makes such an object anyway, as for a call that is timed, adds it as it is: that costs a few nanoseconds. */
export interface Piece {
  /** The queue or the kind of work. */
  readonly name: string
  /** Of the job. */
  readonly id: string | undefined
  /** Milliseconds on the monotonic clock, not before that of one that was added earlier. */
  readonly startedAt: number
  /** The rest is for who counts it. */
  before: Piece | undefined
  after: Piece | undefined
  hasEnded: boolean
}

/** What another thread has in hand, as it said last. */
export type InHandElsewhere = Pick<InHand, 'count' | 'oldestSeconds'>

export class WorkInHand {
  readonly #clock: Clock
  /** The newest of a list in the order in which they began: to end one takes the same time however many there are. */
  #last: Piece | undefined
  #listed = 0
  #count = 0
  #taking = 0
  #begun = 0
  #isSeen = false
  #onChange: (() => void) | undefined
  readonly #elsewhere = new Map<number, { readonly count: number; readonly oldestAt: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Something tells when its work begins and ends. */
  see(): void {
    this.#isSeen = true
  }

  /** Whether anything does: where nothing does, nobody can say that nothing is in hand. */
  get isSeen(): boolean {
    return this.#isSeen
  }

  /** `startedAt`: milliseconds on the monotonic clock. */
  begin(name: string, id?: string, startedAt: number = this.#clock.monotonicMs()): Piece {
    const piece = { name, id, startedAt, before: undefined, after: undefined, hasEnded: false }
    this.add(piece)
    return piece
  }

  add(piece: Piece): void {
    this.#isSeen = true
    this.#begun++
    if (this.#count++ === 0 && this.#onChange !== undefined) this.#onChange()
    if (this.#listed >= MOST_PIECES) return
    this.#listed++
    const last = this.#last
    if (last !== undefined) {
      last.after = piece
      piece.before = last
    }
    this.#last = piece
  }

  /** The second end of a piece is none. */
  end(piece: Piece): void {
    if (piece.hasEnded) return
    piece.hasEnded = true
    this.#count--
    this.#unlist(piece)
    if (this.#count === 0 && this.#onChange !== undefined) this.#onChange()
  }

  /** Told when there comes to be work in hand, and when there is none any more. `listener` must not throw. */
  onChange(listener: () => void): Cancel {
    this.#onChange = listener
    return () => (this.#onChange = undefined)
  }

  #unlist(piece: Piece): void {
    const { before, after } = piece
    if (after === undefined && this.#last !== piece) return
    this.#listed--
    if (before !== undefined) {
      before.after = after
      piece.before = undefined
    }
    if (after === undefined) this.#last = before
    else {
      after.before = before
      piece.after = undefined
    }
  }

  /** Something is asked for that may be work, as a queue for its next job: until it is there or not, nobody can say that there is none. */
  beginTaking(): void {
    this.#taking++
  }

  endTaking(): void {
    this.#taking--
    this.#begun++
  }

  /** Rejects as `ask` does. */
  async taking<T>(ask: () => Promise<T>): Promise<T> {
    this.beginTaking()
    try {
      return await ask()
    } finally {
      this.endTaking()
    }
  }

  /** A worker thread says what it has in hand. */
  observe(thread: number, { count, oldestSeconds }: InHandElsewhere): void {
    this.#isSeen = true
    this.#begun++
    if (count === 0) this.#elsewhere.delete(thread)
    else this.#elsewhere.set(thread, { count, oldestAt: this.#clock.monotonicMs() - oldestSeconds * 1000 })
  }

  /** A thread has ended, and with it what it had in hand. */
  forget(thread: number): void {
    this.#elsewhere.delete(thread)
  }

  /** Nothing is in hand, and nothing is being taken. */
  get isNone(): boolean {
    return this.#count === 0 && this.#taking === 0 && this.#elsewhere.size === 0
  }

  /** Grows with everything that begins: where it is as it was, nothing has begun since. */
  get begun(): number {
    return this.#begun
  }

  now(): InHand {
    const now = this.#clock.monotonicMs()
    const elsewhere = [...this.#elsewhere.values()]
    const first = this.#first()
    const oldestAt = Math.min(first?.startedAt ?? now, ...elsewhere.map((each) => each.oldestAt))
    return {
      count: elsewhere.reduce((sum, each) => sum + each.count, this.#count),
      oldestSeconds: Math.max(0, now - oldestAt) / 1000,
      oldest: oldestFrom(first, now),
    }
  }

  /** The oldest is looked for when somebody asks, among at most MOST_PIECES: to keep it as well would cost each call. */
  #first(): Piece | undefined {
    let first = this.#last
    while (first?.before !== undefined) first = first.before
    return first
  }
}

function oldestFrom(first: Piece | undefined, now: number): readonly PieceInHand[] {
  const oldest: PieceInHand[] = []
  for (let piece = first; piece !== undefined && oldest.length < MOST_SHOWN; piece = piece.after) {
    const { name, id, startedAt } = piece
    oldest.push({ name, ...(id !== undefined && { id }), seconds: Math.max(0, now - startedAt) / 1000 })
  }
  return oldest
}
