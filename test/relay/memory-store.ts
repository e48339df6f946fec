/** What a lane keeps, without Redis: one stream, one claim, one position. */
import type { AlertView } from '../../src/wire/alert-view.ts'
import type { LaneStore, Position, Pulled, StreamEntry } from '../../src/relay/lane-store.ts'
import { isAfter } from '../../src/relay/stream-id.ts'
import type { ToldElsewhere, ToldRecord } from '../../src/relay/told.ts'
import { isOpen } from '../../src/judge/alert.ts'
import { fieldsOf, type Change } from './transitions.ts'

export class MemoryStore implements LaneStore {
  epoch = 'e1'
  seq = 0
  entries: StreamEntry[] = []
  stored: Position | undefined
  told = new Map<string, ToldRecord>()
  elsewhere = new Map<string, readonly ToldElsewhere[]>()
  documents = new Map<string, AlertView>()
  /** Set: another has the claim. */
  taken = false
  /** Set: it does not answer. */
  away = false
  released = 0

  /** Writes a transition; its id. */
  write(change: Change = {}): string {
    const fields = fieldsOf(change)
    const seq = ++this.seq
    const id = `${1_000_000 + seq}-${seq}`
    const message = { v: 1, id, epoch: this.epoch, seq, rev: seq, ...fields }
    this.entries.push({ id, text: JSON.stringify(message) })
    this.documents.set(fields.alert_id, { ...fields, rev: seq } as unknown as AlertView)
    return `${this.epoch}-${id}`
  }

  /** Takes the oldest entries out of the stream. */
  trim(count: number): void {
    this.entries.splice(0, count)
  }

  async pull(after: string | undefined, count: number): Promise<Pulled | undefined> {
    await this.#answer()
    if (this.taken) return undefined
    const from = after ?? this.stored?.cursor
    return {
      epoch: this.epoch,
      seq: this.seq,
      stored: this.stored,
      oldest: this.entries[0]?.id ?? '',
      newest: this.entries.at(-1)?.id ?? '',
      entries: from === undefined ? [] : this.entries.filter(({ id }) => isAfter(id, from)).slice(0, count),
    }
  }

  async advance(position: Position, records: ReadonlyMap<string, ToldRecord | undefined>): Promise<boolean> {
    await this.#answer()
    if (this.taken) return false
    this.stored = position
    for (const [id, record] of records) {
      if (record) this.told.set(id, record)
      else this.told.delete(id)
    }
    return true
  }

  async release(): Promise<void> {
    await this.#answer()
    this.released++
  }

  async records(): Promise<ReadonlyMap<string, ToldRecord>> {
    await this.#answer()
    return new Map(this.told)
  }

  async toldElsewhere(): Promise<ReadonlyMap<string, readonly ToldElsewhere[]>> {
    await this.#answer()
    return this.elsewhere
  }

  async openIds(): Promise<readonly string[]> {
    await this.#answer()
    return [...this.documents].filter(([, alert]) => isOpen(alert)).map(([id]) => id)
  }

  async alerts(ids: readonly string[]): Promise<ReadonlyMap<string, AlertView>> {
    await this.#answer()
    return new Map([...this.documents].filter(([id]) => ids.includes(id)))
  }

  #answer(): Promise<void> {
    return this.away ? Promise.reject(new Error('no answer')) : Promise.resolve()
  }
}
