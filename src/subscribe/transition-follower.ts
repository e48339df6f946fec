/**
 * The transitions of one shard, each once and in order. The stream is the record: what is not in it is not told, whatever a message says.
 * What the stream no longer holds is told as a gap.
 */
import type { AlertMessage } from '../wire/alert-message.ts'
import { parseMessage } from '../wire/message.ts'
import type { ShardNames } from '../wire/names.ts'
import { BEGINNING, isAfter, readPosition, type Position } from './read-position.ts'
import type { Ask } from './redis-questions.ts'

/** Transitions that were made and can no longer be told: what they did to alerts that are open is in the view. */
export interface Gap {
  readonly shard: number
  readonly epoch: string
  /** Sequence numbers of the first and the last one. */
  readonly from: number
  readonly to: number
  readonly missed: number
}

/** The server has lost its memory (`to` is another epoch, or `null` until there is one), or part of it (`to` is `from`). */
export interface EpochChange {
  readonly shard: number
  readonly from: string
  readonly to: string | null
}

export interface TransitionListener {
  /** `size`: characters of its text. */
  told(message: AlertMessage, size: number): void
  gap(gap: Gap): void
  epoch(change: EpochChange): void
}

/** However large the entries, one answer stays within some megabytes. */
const PAGE = 200

type Entry = readonly [id: string, fields: readonly string[]]

export class TransitionFollower {
  readonly #ask: Ask
  readonly #names: ShardNames
  readonly #listener: TransitionListener
  #position: Position = BEGINNING
  /** From the beginning of the stream: what is of another epoch or has been told is passed by. */
  #skipping = false
  #unreadable = 0
  #problems: ReadonlyMap<string, string> = new Map()

  constructor(ask: Ask, names: ShardNames, listener: TransitionListener) {
    this.#ask = ask
    this.#names = names
    this.#listener = listener
  }

  get position(): Position {
    return this.#position
  }

  /** Entries of the stream that are no transitions. */
  get unreadable(): number {
    return this.#unreadable
  }

  /** Keys that cannot be read, and why. */
  get problems(): ReadonlyMap<string, string> {
    return this.#problems
  }

  /** From now on: what was before is not told. */
  async begin(): Promise<void> {
    const server = await readPosition(this.#ask, this.#names)
    this.#note(this.#names.meta, server)
    if (typeof server !== 'string') this.#goTo(server)
  }

  /** Whether a message speaks of a transition that has not been told. It may lie. */
  isNews({ epoch, seq, id }: AlertMessage): boolean {
    return epoch !== this.#position.epoch || seq > this.#position.seq || isAfter(id, this.#position.id)
  }

  /** Tells what the stream holds besides. Whether that was anything. */
  async readOn(): Promise<boolean> {
    for (let toldAny = false; ;) {
      const entries = await this.#page()
      let lost = false
      for (const entry of entries) {
        const told = this.#take(entry)
        toldAny ||= told === 'told'
        lost = told === 'lost'
        if (lost) break
      }
      if (lost) await this.#findBeginning()
      else if (entries.length < PAGE) {
        this.#skipping = false
        return toldAny
      }
    }
  }

  /** The same, and compares with how far the server says that it is: what the stream should hold and does not is a gap. */
  async compare(): Promise<void> {
    const before = this.#position
    let server = await readPosition(this.#ask, this.#names)
    this.#note(this.#names.meta, server)
    await this.readOn()
    if (typeof server === 'string') return
    if (server.epoch !== this.#position.epoch) {
      // The stream was read after it.
      const found = await this.#findBeginning()
      if (!found) return
      server = found
      await this.readOn()
    } else if (server.epoch === before.epoch && server.seq < before.seq && this.#position.id === before.id) {
      this.#change(server.epoch)
      this.#goTo(server)
      await this.readOn()
    }
    const { epoch, seq, id } = this.#position
    if (server.epoch !== null && server.epoch === epoch && server.seq > seq) {
      this.#gap(epoch, seq + 1, server.seq)
      this.#position = { epoch, seq: server.seq, id: isAfter(server.id, id) ? server.id : id }
    }
  }

  async #page(): Promise<readonly Entry[]> {
    const { id } = this.#position
    const [answer] = await this.#ask([['xrange', this.#names.alerts, id === BEGINNING.id ? '-' : `(${id}`, '+', 'COUNT', PAGE]])
    this.#note(this.#names.alerts, answer!.refused)
    return (answer!.value as readonly Entry[] | undefined) ?? []
  }

  /** `lost`: it is of an epoch of which more has been than this. */
  #take([id, [field, text]]: Entry): 'told' | 'passed' | 'lost' {
    this.#position = { ...this.#position, id }
    const message = field === 'd' && text !== undefined ? parseMessage(this.#names.alertsChannel, text, this.#names.hmacKey) : undefined
    if (message?.channel !== 'alerts' || message.id !== id) {
      this.#unreadable++
      return 'passed'
    }
    const { epoch, seq } = this.#position
    const isOther = message.epoch !== epoch
    if (this.#skipping && (isOther || message.seq <= seq)) return 'passed'
    if (isOther && epoch !== null && message.seq !== 1) return 'lost'
    const restarts = isOther || message.seq <= seq
    if (restarts) this.#change(message.epoch)
    const next = isOther ? 1 : Math.min(seq + 1, message.seq)
    if (message.seq > next) this.#gap(message.epoch, next, message.seq - 1)
    this.#skipping = false
    this.#position = { epoch: message.epoch, seq: message.seq, id }
    this.#listener.told(message, text!.length)
    return 'told'
  }

  /** Where the server's memory begins anew, if it does; `undefined`: it cannot be known. */
  async #findBeginning(): Promise<Position | undefined> {
    const server = await readPosition(this.#ask, this.#names)
    this.#note(this.#names.meta, server)
    if (typeof server === 'string') return undefined
    if (server.epoch !== this.#position.epoch) {
      this.#change(server.epoch)
      this.#goTo({ ...BEGINNING, epoch: server.epoch })
      this.#skipping = server.epoch !== null
    }
    return server
  }

  #goTo(position: Position): void {
    this.#position = position
    this.#skipping = position.id === BEGINNING.id && position.seq > 0
  }

  #change(to: string | null): void {
    const { epoch: from } = this.#position
    if (from !== null) this.#listener.epoch({ shard: this.#names.shard, from, to })
  }

  #gap(epoch: string, from: number, to: number): void {
    this.#listener.gap({ shard: this.#names.shard, epoch, from, to, missed: to - from + 1 })
  }

  #note(key: string, trouble: unknown): void {
    if (typeof trouble === 'string') this.#problems = new Map(this.#problems).set(key, trouble)
    else if (this.#problems.has(key)) this.#problems = new Map([...this.#problems].filter(([each]) => each !== key))
  }
}
