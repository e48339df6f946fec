/**
 * Keeps an Alertmanager in step with the open alerts. The stream says when to look; what is sent is how the alerts stand, all of it anew at
 * every interval, so that one that was away, or has forgotten everything, misses nothing that still matters.
 */
import type { Clock } from '../types.ts'
import type { AlertMessage } from '../wire/alert-message.ts'
import { nextRecord, posted } from './alertmanager-alerts.ts'
import { backoffMs } from './backoff.ts'
import type { Affected } from './delivery.ts'
import type { LaneOfWork, LaneWork } from './lane.ts'
import type { LaneStore, Pulled } from './lane-store.ts'
import type { Post } from './post.ts'
import type { AlertmanagerTarget } from './relay-config.ts'
import { BEGINNING, endOf, seqOf, trimmedAfter } from './stream-id.ts'
import type { TargetReport } from './target-report.ts'
import type { PostableAlert, ToldElsewhere, ToldRecord } from './told.ts'

export interface AlertmanagerLaneOptions {
  readonly target: AlertmanagerTarget
  readonly store: LaneStore
  readonly clock: Clock
  readonly report: TargetReport
  readonly lane: LaneOfWork
  /** Rejects where Redis does not answer. */
  readonly affected: (message?: AlertMessage) => Promise<Affected>
  readonly post: Post
  readonly wait?: typeof backoffMs
}

const MOST_ENTRIES = 256
/** In one request. */
const MOST_ALERTS = 200

export class AlertmanagerLane implements LaneWork {
  readonly #options: AlertmanagerLaneOptions
  #records = new Map<string, ToldRecord>()
  #after: string | undefined
  #epoch = ''
  #changed = false
  #resendAt = -Infinity
  #retryAt = Infinity
  #failures = 0
  #generation = 0
  #syncing: Promise<void> | undefined
  #finishing = false
  #aborter = new AbortController()

  constructor(options: AlertmanagerLaneOptions) {
    this.#options = options
  }

  get after(): string | undefined {
    return this.#after
  }

  get room(): number {
    return this.#syncing || this.#finishing ? 0 : MOST_ENTRIES
  }

  begin(records: ReadonlyMap<string, ToldRecord>): void {
    this.#records = new Map(records)
    this.#after = undefined
    this.#resendAt = -Infinity
  }

  lose(): void {
    this.#generation++
    this.#aborter.abort()
    this.#aborter = new AbortController()
    this.#syncing = undefined
    this.#after = undefined
  }

  take(pulled: Pulled): void {
    if (this.#syncing || this.#finishing) return
    if (this.#after === undefined) {
      this.#after = pulled.stored?.cursor ?? endOf(pulled)
      this.#epoch = pulled.stored?.epoch ?? pulled.epoch
    }
    this.#look(pulled, this.#after)
    const now = this.#options.clock.monotonicMs()
    const all = now >= this.#resendAt || now >= this.#retryAt
    // While it does not answer, it is asked when its time has come.
    if (!all && (!this.#changed || this.#failures > 0)) return
    const generation = this.#generation
    this.#syncing = this.#sync(all, generation)
      .catch(() => {})
      .finally(() => {
        if (generation === this.#generation) this.#syncing = undefined
      })
  }

  async finish(graceMs: number): Promise<void> {
    this.#finishing = true
    const cancel = this.#options.clock.after(graceMs, () => this.#aborter.abort())
    await this.#syncing
    cancel()
  }

  #look(pulled: Pulled, after: string): void {
    const { report } = this.#options
    if (pulled.epoch !== this.#epoch) {
      if (this.#epoch !== '') report.memoryLost()
      this.#epoch = pulled.epoch
      this.#after = BEGINNING
      this.#changed = true
      this.#options.lane.look()
      return
    }
    const trimmed = pulled.seq < seqOf(after) ? 1 : trimmedAfter(after, pulled)
    if (trimmed > 0) {
      report.trimmed(trimmed)
      this.#after = endOf(pulled, after)
      this.#changed = true
    } else if (pulled.entries.length > 0) {
      this.#after = pulled.entries.at(-1)!.id
      this.#changed = true
    }
  }

  /** Rejects where Redis does not answer; the next look at the stream begins it again. */
  async #sync(all: boolean, generation: number): Promise<void> {
    const { store, clock, target } = this.#options
    this.#changed = true
    const next = await this.#next()
    const changed = new Map([...next].filter(([id, record]) => record !== this.#records.get(id)))
    if (generation !== this.#generation) return
    // Before it is sent: whoever takes over must know what Alertmanager may have heard.
    const advanced = await store.advance({ cursor: this.#after!, epoch: this.#epoch }, changed)
    if (!advanced || generation !== this.#generation) return
    for (const [id, record] of changed) {
      if (record) this.#records.set(id, record)
      else this.#records.delete(id)
    }
    this.#changed = false
    const records = all ? [...this.#records.values()] : [...changed.values()].filter((record) => record !== undefined)
    const until = clock.epochMs() + target.holdMs
    const failed = await this.#post(records.flatMap((record) => posted(record, until)))
    if (generation !== this.#generation) return
    const now = clock.monotonicMs()
    this.#retryAt = failed === undefined ? Infinity : now + failed
    if (all && failed === undefined) this.#resendAt = now + target.resendMs
    else if (failed !== undefined) this.#resendAt = Infinity
  }

  /** What is to be known of every alert, by id; the same object where nothing changed. */
  async #next(): Promise<ReadonlyMap<string, ToldRecord | undefined>> {
    const { store, clock, target, report, affected } = this.#options
    const open = await store.openIds()
    const ids = [...new Set([...open, ...this.#records.keys()])]
    const alerts = await store.alerts(ids)
    const isOpen = new Set(open)
    const moved = ids.filter((id) => alerts.has(id) && alerts.get(id)!.rev !== this.#records.get(id)?.rev)
    const [elsewhere, services] = await Promise.all([
      store.toldElsewhere(moved).catch(() => new Map<string, readonly ToldElsewhere[]>()),
      moved.length > 0 ? affected().catch(() => undefined) : undefined,
    ])
    const now = clock.epochMs()
    return new Map(
      ids.map((id) => {
        const [alert, record] = [alerts.get(id), this.#records.get(id)]
        if (!alert && isOpen.has(id)) {
          // Listed, and of a version that is not known: what was said of it stands.
          report.unreadable()
          return [id, record]
        }
        const facts = { epoch: this.#epoch, record, services, told: elsewhere.get(id) ?? [], labels: target.labels, now }
        const next = nextRecord(alert ? { ...facts, alert } : facts)
        return [id, same(next, record) ? record : next]
      }),
    )
  }

  /** How long to wait before all is sent again, if some of it was not taken. Milliseconds. */
  async #post(alerts: readonly PostableAlert[]): Promise<number | undefined> {
    const { target, post, report, lane, wait = backoffMs } = this.#options
    const { url, headers, timeoutMs } = target
    for (let i = 0; i < alerts.length; i += MOST_ALERTS) {
      if (!lane.holds()) return 0
      const body = JSON.stringify(alerts.slice(i, i + MOST_ALERTS))
      // oxlint-disable-next-line no-await-in-loop
      const outcome = await post(
        { url, headers: { 'content-type': 'application/json', ...headers }, body, timeoutMs },
        this.#aborter.signal,
      )
      if (outcome.kind === 'ok') report.sent()
      // What could be taken of it has been.
      else if (outcome.kind === 'refused') report.refused(outcome.reason)
      else {
        if (!this.#aborter.signal.aborted) report.failed(outcome.reason)
        this.#failures++
        return Math.min(wait(this.#failures, Math.random(), outcome.askedMs), target.resendMs)
      }
    }
    this.#failures = 0
    return undefined
  }
}

function same(a: ToldRecord | undefined, b: ToldRecord | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
