/**
 * Notices services that fall silent. Redis keeps when each is due (`{health}:due`), so that a look costs the same however many there are. One
 * process at a time looks all the time (its turn comes with its beats, in `{health}:watcher`); the others look when something may be due,
 * a little later, in case that one is dead. Whoever looks first says it: the script looks again. Into other shards, where nobody may be left
 * to look, only the one whose turn it is in its own looks: else the cost of a process would grow with the shards.
 */
import { diag } from '../diag.ts'
import type { Cancel, Clock } from '../types.ts'
import { isServiceName, type ShardNames } from '../wire/names.ts'
import type { PublisherClient } from '../wire/redis-client.ts'
import { lookAfterOverlay } from '../wire/overlay-looks.ts'
import { toMs } from '../wire/scripts/time.ts'
import { lookAfterSilent } from '../wire/silent-service.ts'

export interface SilenceWatchOptions {
  readonly shards: readonly ShardNames[]
  /** Begins the name of an epoch, should this write begin one. */
  readonly instance: string
  readonly retentionMs: number
  /** All may seem silent to whoever has just begun to watch: this long they are given to say otherwise. Milliseconds. */
  readonly graceMs: number
  readonly clock: Clock
  readonly run: <T>(command: (client: PublisherClient) => Promise<T>) => Promise<T>
  /** How often the one whose turn it is looks; default: 400 ms. */
  readonly lookMs?: number
  /** Told of what this one has done. */
  readonly onDone?: (done: WatchDone) => void
}

/** `silent`: `service_silent` was raised. `forgotten`: the service was taken off the lists. `overlay`: what is due, as in `{health}:overlay-due`, was looked after. */
export type WatchDone =
  | { readonly did: 'silent' | 'forgotten'; readonly service: string }
  | { readonly did: 'overlay'; readonly member: string }

/** How often the one whose turn it is looks; the others look this much later than it would. */
export const LOOK_MS = 400
/** Others follow within as long again, so that not all look at once. */
const SPREAD_MS = 300
/** At the latest, though nobody is said to be due. */
const NOW_AND_THEN_MS = 15_000
/** Times the number of shards: so often one whose turn it is looks into each other, and so often a shard is looked into, however many there are. */
const ELSEWHERE_MS = 100
const MOST_AT_ONCE = 50
/** Between two looks at a dead service whose alerts are open. */
const FIRST_LOOK_AGAIN_MS = 1000
const LONGEST_LOOK_AGAIN_MS = 300_000
const MOST_LOOKS = 1000
/** By then everybody has connected again: the longest pause between two attempts, twice. */
const LEAST_GRACE_MS = 10_000

/** A service of which nothing has been heard for so long is forgotten, with the alerts that nobody can resolve any more. */
export const FORGOTTEN_AFTER_MS = 86_400_000

export class SilenceWatch {
  readonly #options: SilenceWatchOptions
  readonly #timers = new Map<number, Cancel>()
  /** When the next look into a shard is, on the monotonic clock. */
  readonly #looksAt = new Map<number, number>()
  #upSince: number | undefined
  /** Milliseconds on the monotonic clock. */
  #watchesFrom = Infinity
  #isWatcher = false
  /** Services that were looked after lately. */
  readonly #looks = new Map<string, { readonly at: number; readonly againMs: number }>()
  /** Index of the shard in which this service lives, once it is known. */
  #own: number | undefined

  constructor(options: SilenceWatchOptions) {
    this.#options = options
    if (options.shards.length === 1) this.#own = options.shards[0]!.shard
  }

  /** `isBack`: Redis was away, and others have to find back to it as well. */
  up(isBack: boolean = false): void {
    const { clock, graceMs, shards } = this.#options
    const grace = isBack ? Math.max(graceMs, LEAST_GRACE_MS) : graceMs
    this.#upSince = clock.monotonicMs()
    this.#watchesFrom = this.#upSince + grace
    for (const shard of shards) this.#lookIn(grace, shard)
  }

  down(): void {
    this.#upSince = undefined
    this.#isWatcher = false
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    this.#looksAt.clear()
  }

  /** What a beat said of the shard in which this service lives. Milliseconds. */
  heard(own: ShardNames, nextDueMs: number | undefined, isWatcher: boolean): void {
    if (this.#upSince === undefined) return
    const begins = isWatcher && !this.#isWatcher
    this.#isWatcher = isWatcher
    this.#own = own.shard
    if (this.#options.clock.monotonicMs() < this.#watchesFrom) return
    // Who looks all the time is not to be held up by beats that come more often than that.
    if ((!isWatcher || begins) && !this.#isAboutToLook(own, nextDueMs)) this.#next(own, nextDueMs)
    if (begins) for (const shard of this.#options.shards) if (shard.shard !== own.shard) this.#lookIn(LOOK_MS, shard)
  }

  /** Somebody is due already: a look that comes soon is not put off by what is heard meanwhile. */
  #isAboutToLook(shard: ShardNames, nextDueMs: number | undefined): boolean {
    const at = this.#looksAt.get(shard.shard)
    return nextDueMs !== undefined && nextDueMs <= 0 && at !== undefined && at - this.#options.clock.monotonicMs() <= LOOK_MS + SPREAD_MS
  }

  #next(shard: ShardNames, nextDueMs: number | undefined): void {
    const isOwn = shard.shard === this.#own
    if (this.#isWatcher && isOwn) return this.#lookIn(this.#options.lookMs ?? LOOK_MS, shard)
    const late = LOOK_MS + Math.random() * SPREAD_MS
    const due = nextDueMs === undefined ? NOW_AND_THEN_MS : Math.max(nextDueMs, 0) + late
    const elsewhere = Math.min(Math.max(ELSEWHERE_MS * this.#options.shards.length, LOOK_MS), NOW_AND_THEN_MS)
    this.#lookIn(isOwn ? due : Math.min(due, elsewhere), shard)
  }

  #lookIn(ms: number, shard: ShardNames): void {
    const { clock } = this.#options
    this.#timers.get(shard.shard)?.()
    this.#looksAt.set(shard.shard, clock.monotonicMs() + ms)
    this.#timers.set(
      shard.shard,
      clock.after(ms, () => {
        this.#looksAt.delete(shard.shard)
        void this.#look(shard)
      }),
    )
  }

  async #look(shard: ShardNames): Promise<void> {
    const isMine = this.#isWatcher || shard.shard === this.#own
    if (this.#upSince === undefined || !isMine) return
    const { run } = this.#options
    let nextDueMs: number | undefined
    try {
      const [time, due, overlays] = await run((client) =>
        Promise.all([
          client.healthTime(shard.meta),
          client.zrange(shard.due, '0', String(MOST_AT_ONCE - 1), 'WITHSCORES'),
          client.zrange(shard.overlayDue, '0', String(MOST_AT_ONCE - 1), 'WITHSCORES'),
        ]),
      )
      const now = toMs(time)
      for (let i = 0; i + 1 < overlays.length && Number(overlays[i + 1]) <= now; i += 2) await this.#overlayIsDue(shard, overlays[i]!, now)
      for (let i = 0; i + 1 < due.length; i += 2) {
        nextDueMs = Number(due[i + 1]) - now
        if (nextDueMs > 0) break
        await this.#isDue(shard, due[i]!)
        nextDueMs = 0
      }
    } catch (error) {
      diag.debug('otel-health: it could not be looked who is silent', error)
    }
    if (this.#upSince !== undefined) this.#next(shard, nextDueMs)
  }

  /** Something that lies over an alert begins or ends by itself. */
  async #overlayIsDue(names: ShardNames, member: string, now: number): Promise<void> {
    const { run, instance: epochs, retentionMs } = this.#options
    try {
      await run((client) => lookAfterOverlay(client, { names, epochs, retentionMs }, member, now))
      this.#options.onDone?.({ did: 'overlay', member })
    } catch (error) {
      diag.debug(`otel-health: ${JSON.stringify(member)} could not be looked after`, error)
    }
  }

  /** One that cannot be looked after hides none of those behind it. */
  async #isDue(shard: ShardNames, service: string): Promise<void> {
    const { run, instance, retentionMs } = this.#options
    try {
      if (!isServiceName(service)) await run((client) => client.zrem(shard.due, service))
      else {
        const silent = { names: shard, service, epochs: instance, retentionMs, forgottenAfterMs: FORGOTTEN_AFTER_MS }
        const lookAgainMs = this.#lookAgainMs(service)
        const found = await run((client) => lookAfterSilent(client, { ...silent, lookAgainMs }))
        if (found === 'told') this.#options.onDone?.({ did: 'silent', service })
        else if (found === 'forgotten') this.#options.onDone?.({ did: 'forgotten', service })
      }
    } catch (error) {
      diag.debug(`otel-health: ${JSON.stringify(service)} could not be looked after`, error)
    }
  }

  /** Soon at first, then more and more seldom. */
  #lookAgainMs(service: string): number {
    const now = this.#options.clock.monotonicMs()
    const last = this.#looks.get(service)
    const isSame = last !== undefined && now - last.at < 3 * last.againMs
    const againMs = isSame ? Math.min(2 * last.againMs, LONGEST_LOOK_AGAIN_MS) : FIRST_LOOK_AGAIN_MS
    if (this.#looks.size >= MOST_LOOKS) this.#looks.clear()
    this.#looks.set(service, { at: now, againMs })
    return againMs
  }
}
