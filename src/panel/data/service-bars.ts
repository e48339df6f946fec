/**
 * A day of a service as a bar of quarters of an hour, and its last hour as a small line. A quarter that is over is read once and kept: what
 * a thousand services cost is what they say anew.
 */
import type { Status, Clock } from '../../types.ts'
import type { ShardNames } from '../../wire/names.ts'
import type { RedisClient } from '../../wire/redis-client.ts'
import type { Bar, Bars, KeyFigure, ShownStatus } from '../protocol.ts'
import { figureNames } from './chart-figures.ts'
import { sharedLine, sumLine } from './charts.ts'
import { episodesOf } from './episodes.ts'
import { figuresIn, minuteOf, type Minute } from './history-minutes.ts'
import { gridUntil } from './minute-grid.ts'
import { QUARTERS, QUARTER_MS, quarterOf, quartersUntil, worse, worstOf } from './quarters.ts'
import { timeOf, type StreamEntry } from './read-stream.ts'
import { Remembered } from './remembered.ts'
import type { Tail } from './transition-tail.ts'
import { Turns } from '../turns.ts'

/** Services of one question. */
const MOST_ASKED = 100
/** Services whose quarters are kept. */
const MOST_KEPT = 5000
/** Of one quarter the newest so many entries are read: all of 13 instances; of more, what they said last. */
const MOST_ENTRIES = 200
/** Quarters that are asked for at once. */
const QUARTERS_AT_ONCE = 8
/** Services that are read at a time. */
const SERVICES_AT_ONCE = 3
const BAR_KEPT_MS = 30_000
/** Minutes are written a little after they are over. */
const LATE_MS = 120_000
/** Quarters in which the last hour lies. */
const SPARK_QUARTERS = 5

interface Quarter {
  readonly status: Status | null
  readonly isOver: boolean
  /** Of the last hour. */
  readonly minutes: readonly Minute[]
}

/** Before the history begins. */
const NOTHING: Quarter = { status: null, isOver: true, minutes: [] }

interface Kept {
  readonly quarters: Map<number, Quarter>
  spark: { readonly figure: KeyFigure; readonly name: string } | undefined
}

export interface ServiceBarsOptions {
  readonly client: RedisClient
  readonly namesOf: (service: string) => ShardNames
  readonly clock: Clock
  /** Epoch milliseconds of the server. */
  readonly now: () => number
  readonly tail: () => Promise<Tail>
  /** As the service is now; `undefined`: nobody has heard of it. */
  readonly statusOf: (service: string) => ShownStatus | undefined
}

export class ServiceBars {
  readonly #options: ServiceBarsOptions
  readonly #turns = new Turns(SERVICES_AT_ONCE)
  readonly #bars: Remembered<Bar>
  readonly #kept = new Map<string, Kept>()

  constructor(options: ServiceBarsOptions) {
    this.#options = options
    this.#bars = new Remembered(options.clock, { keptMs: BAR_KEPT_MS, most: MOST_KEPT })
  }

  /** Services that nobody has heard of, and those beyond the first hundred, are left out. */
  async of(services: readonly string[]): Promise<Bars> {
    const known = [...new Set(services)].filter((service) => this.#options.statusOf(service) !== undefined).slice(0, MOST_ASKED)
    const bars = await Promise.all(
      known.map(async (service) => {
        const bar = await this.#bars.get(service, () => this.#turns.take(() => this.#read(service)))
        return [service, bar] as const
      }),
    )
    return Object.fromEntries(bars)
  }

  async #read(service: string): Promise<Bar> {
    const { now, tail, statusOf } = this.#options
    const at = now()
    const last = quarterOf(at)
    const kept = this.#keptOf(service)
    for (const quarter of kept.quarters.keys()) if (quarter <= last - QUARTERS) kept.quarters.delete(quarter)
    const wanted = Array.from({ length: QUARTERS }, (_, i) => last - i).filter((quarter) => !kept.quarters.get(quarter)?.isOver)
    // Of a service that is young most of the day need not be asked for.
    const oldest = wanted.length > 2 ? Math.min(await this.#oldest(service), last - 1) : 0
    for (const quarter of wanted) if (quarter < oldest) kept.quarters.set(quarter, NOTHING)
    // The newest alone comes first: it says which figure the line is of.
    const asked = wanted.filter((quarter) => quarter >= oldest)
    const batches = [asked.slice(0, 1), ...batchesOf(asked.slice(1), QUARTERS_AT_ONCE)]
    for (const batch of batches) await this.#readQuarters(service, kept, batch, at)
    const episodes = episodesOf(await tail(), service)
    const known = new Map(Array.from(kept.quarters, ([quarter, { status }]) => [quarter, status] as const))
    const current = statusOf(service)
    if (current === 'degraded' || current === 'unhealthy') known.set(last, worse(known.get(last) ?? null, current))
    return { quarters: quartersUntil(last, known, episodes), until: (last + 1) * QUARTER_MS, spark: sparkOf(kept, at) }
  }

  /** The quarter with which the history begins; infinite where there is none. */
  async #oldest(service: string): Promise<number> {
    const { client, namesOf } = this.#options
    const [first] = await client.xrange(namesOf(service).history(service), '-', '+', 'COUNT', 1)
    return first ? quarterOf(timeOf(first[0])) : Infinity
  }

  async #readQuarters(service: string, kept: Kept, quarters: readonly number[], at: number): Promise<void> {
    const { client, namesOf } = this.#options
    const pipeline = client.pipeline()
    const key = namesOf(service).history(service)
    for (const quarter of quarters) {
      pipeline.xrevrange(key, (quarter + 1) * QUARTER_MS - 1, quarter * QUARTER_MS, 'COUNT', MOST_ENTRIES)
    }
    const replies = (await pipeline.exec()) ?? []
    for (const [i, [error, reply]] of replies.entries()) {
      if (error) throw error
      this.#take(kept, quarters[i]!, (reply as readonly StreamEntry[]).toReversed(), at)
    }
  }

  #take(kept: Kept, quarter: number, entries: readonly StreamEntry[], at: number): void {
    const isRecent = quarter > quarterOf(at) - SPARK_QUARTERS
    if (isRecent) kept.spark ??= sparkFigure(figuresIn(entries))
    const wanted = new Set(kept.spark ? [`gauges.${kept.spark.name}`] : [])
    const minutes = entries.flatMap((entry) => minuteOf(entry, wanted) ?? [])
    kept.quarters.set(quarter, {
      // Of more instances than are read now, what was found before stands.
      status: worse(kept.quarters.get(quarter)?.status ?? null, worstOf(minutes)),
      isOver: at > (quarter + 1) * QUARTER_MS + LATE_MS,
      minutes: isRecent ? minutes : [],
    })
  }

  #keptOf(service: string): Kept {
    const kept = this.#kept.get(service) ?? { quarters: new Map<number, Quarter>(), spark: undefined }
    this.#kept.delete(service)
    this.#kept.set(service, kept)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break
      this.#kept.delete(oldest)
    }
    return kept
  }
}

function sparkFigure(names: readonly string[]): Kept['spark'] {
  for (const figure of ['rate', 'due'] as const) {
    const [name] = figureNames(figure, names)
    if (name !== undefined) return { figure, name }
  }
  return undefined
}

function sparkOf({ spark, quarters }: Kept, at: number): Bar['spark'] {
  if (!spark) return null
  const last = quarterOf(at)
  const minutes = Array.from({ length: SPARK_QUARTERS }, (_, i) => quarters.get(last - SPARK_QUARTERS + 1 + i)?.minutes ?? []).flat()
  const line =
    spark.figure === 'rate' ? sumLine(minutes, spark.name, gridUntil(at, 60)) : sharedLine(minutes, spark.name, gridUntil(at, 60))
  return { figure: spark.figure, values: line.values }
}

function batchesOf<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))
}
