/** What happened in a service, as plain data: what was recorded before each collection. The same seed gives the same history. */

export type Instrument = 'counter' | 'observed_counter' | 'histogram' | 'gauge' | 'observed_gauge' | 'up_down' | 'observed_up_down'

export interface Entry {
  readonly metric: string
  readonly attributes: Readonly<Record<string, string>>
  /** What was added, or recorded, or observed to be; of an observed counter: what it grew by. A multiple of 1/64, so that sums are exact. */
  readonly value: number
}

export interface Collection {
  /** Milliseconds on the monotonic clock. */
  readonly at: number
  /** `false`: the service was paused since the last one. */
  readonly running: boolean
  /** The source was started anew since the last one: what is cumulative begins at zero. */
  readonly restarted: boolean
  readonly entries: readonly Entry[]
}

export interface History {
  readonly seed: number
  readonly tickSeconds: number
  /** When watching began. */
  readonly from: number
  readonly collections: readonly Collection[]
}

interface Source {
  readonly metric: string
  readonly instrument: Instrument
  /** Attribute -> values; the empty one: without it. */
  readonly attributes: Readonly<Record<string, readonly string[]>>
  readonly value: (random: Random, scale: number) => number
}

const ROUTES = ['search', 'export', 'home', 'login']

export const SOURCES: readonly Source[] = [
  {
    metric: 'shop.orders',
    instrument: 'counter',
    attributes: { outcome: ['ok', 'ok', 'ok', 'failed', 'refused'], region: ['eu', 'us', 'uk', ''] },
    value: (random) => random.whole(0, 3),
  },
  { metric: 'shop.lookups', instrument: 'counter', attributes: { cache: ['hot', 'cold', 'old'] }, value: (random) => random.whole(1, 3) },
  { metric: 'shop.hits', instrument: 'counter', attributes: { cache: ['hot', 'cold', 'old'] }, value: (random) => random.whole(0, 3) },
  {
    metric: 'shop.sent',
    instrument: 'counter',
    attributes: { peer: ['a', 'b', 'c'] },
    value: (random, scale) => random.whole(0, 64_000 * scale) / 64,
  },
  {
    metric: 'shop.jobs',
    instrument: 'observed_counter',
    attributes: { kind: ['mail', 'fax', 'print'] },
    value: (random, scale) => random.whole(0, 2 + scale / 20),
  },
  { metric: 'shop.beats', instrument: 'counter', attributes: {}, value: (random) => random.whole(0, 1) },
  {
    metric: 'shop.duration',
    instrument: 'histogram',
    attributes: { route: ROUTES, method: ['GET', 'POST'] },
    // On the bounds themselves now and then, and beyond the last one.
    value: (random, scale) =>
      (scale > 5 && random.chance(0.3) ? random.of([0, 4, 8, 16, 32, 64, 160, 320, 640]) : random.whole(0, 16 * scale)) / 64,
  },
  { metric: 'shop.sizes', instrument: 'histogram', attributes: {}, value: (random, scale) => random.whole(0, scale * 150) },
  {
    metric: 'shop.backlog',
    instrument: 'gauge',
    attributes: { queue: ['mail', 'print', 'index'] },
    value: (random, scale) => random.whole(0, 4 * scale),
  },
  {
    metric: 'shop.stock',
    instrument: 'observed_gauge',
    attributes: { store: ['north', 'south', 'west'] },
    value: (random, scale) => random.whole(0, scale),
  },
  {
    metric: 'shop.open',
    instrument: 'up_down',
    attributes: { pool: ['read', 'write'] },
    value: (random, scale) => random.whole(-scale / 3, scale / 2),
  },
  { metric: 'shop.waiting', instrument: 'observed_up_down', attributes: {}, value: (random, scale) => random.whole(0, scale / 2) },
  { metric: 'shop.memory', instrument: 'gauge', attributes: {}, value: (random, scale) => random.whole(1, scale * 40_000) * 1024 },
  { metric: 'shop.load', instrument: 'gauge', attributes: { host: ['one', 'two'] }, value: (random) => random.whole(0, 70) / 64 },
  {
    metric: 'shop.lag',
    instrument: 'observed_gauge',
    attributes: { shard: ['0', '1', '2'] },
    value: (random, scale) => random.whole(0, scale * 16) / 64,
  },
]

const MODES = ['up', 'up', 'degraded', 'down', 'unknown']
const ROLES = ['primary', 'replica', 'none']

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1)
  }

  /** 0 <= x < 1; mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  whole(least: number, most: number): number {
    return Math.floor(least) + Math.floor(this.next() * (Math.floor(most) - Math.floor(least) + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  of<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)]!
  }
}

interface Pace {
  readonly tickSeconds: number
  /** Of collections. */
  readonly most: number
  /** Milliseconds between two of them: as a rule, and sometimes. */
  readonly step: readonly [least: number, most: number]
  readonly gap: readonly [least: number, most: number]
}

/** A quarter hour in seconds, an hour, and a day in minutes. */
const PACES: readonly Pace[] = [
  { tickSeconds: 1, most: 90, step: [500, 12_000], gap: [25_000, 120_000] },
  { tickSeconds: 10, most: 120, step: [4000, 30_000], gap: [29_000, 400_000] },
  { tickSeconds: 60, most: 300, step: [10_000, 175_000], gap: [170_000, 4_000_000] },
]

export function randomHistory(seed: number): History {
  const random = new Random(seed)
  const pace = random.of(PACES)
  // Half of them collect on the very edges of buckets.
  const grain = random.chance(0.5) ? 10_000 : 1
  const time = (least: number, most: number) => Math.max(1, Math.round(random.whole(least, most) / grain)) * grain
  const from = random.whole(0, 20_000) * (grain === 1 ? 997 : grain)
  const sources = SOURCES.map((source) => new RandomSource(source, random))
  const states = new RandomStates(random)
  const collections: Collection[] = []
  const number = random.whole(3, pace.most)
  // Half of them are watched without a break.
  const isBroken = random.chance(0.5)
  let at = from
  let running = true
  for (let index = 0; index < number; index++) {
    at += isBroken && random.chance(0.04) ? time(...pace.gap) : time(...pace.step)
    if (isBroken && random.chance(running ? 0.03 : 0.3)) running = !running
    const entries = [...sources.flatMap((source) => source.entries(index / number)), ...states.entries()]
    collections.push({ at, running, restarted: random.chance(0.03), entries })
  }
  return { seed, tickSeconds: pace.tickSeconds, from, collections }
}

class RandomSource {
  readonly #source: Source
  readonly #random: Random
  readonly #most: number
  readonly #begins = new Map<string, number>()
  readonly #isPlain: boolean
  #scale: number
  #quiet: boolean

  constructor(source: Source, random: Random) {
    this.#source = source
    this.#random = random
    this.#most = random.of([0, 1, 1, 3, 8])
    this.#isPlain = random.chance(0.2)
    this.#scale = random.of([1, 5, 20, 60])
    this.#quiet = random.chance(0.2)
  }

  /** `part` of the history that is over, 0 to 1. */
  entries(part: number): Entry[] {
    if (this.#random.chance(0.06)) this.#quiet = !this.#quiet
    if (this.#random.chance(0.06)) this.#scale = this.#random.of([1, 5, 20, 60])
    if (this.#quiet) return []
    return Array.from({ length: this.#random.whole(0, this.#most) }, () => this.#entry()).filter((entry) => this.#hasBegun(entry, part))
  }

  #entry(): Entry {
    const { metric, attributes, value } = this.#source
    const chosen = Object.entries(attributes).map(([name, values]) => [name, this.#isPlain ? values[0]! : this.#random.of(values)] as const)
    return {
      metric,
      attributes: Object.fromEntries(chosen.filter(([, each]) => each !== '')),
      value: value(this.#random, this.#scale),
    }
  }

  /** Half of the series are there from the beginning, others begin later. */
  #hasBegun({ attributes }: Entry, part: number): boolean {
    const key = JSON.stringify(attributes)
    if (!this.#begins.has(key)) this.#begins.set(key, this.#random.chance(0.5) ? 0 : this.#random.next())
    return part >= this.#begins.get(key)!
  }
}

/** One metric that says of every state whether it is that one, and one of which only the present state is observed. */
class RandomStates {
  readonly #random: Random
  #mode: string | undefined
  #role: string | undefined

  constructor(random: Random) {
    this.#random = random
  }

  entries(): Entry[] {
    if (this.#random.chance(0.2)) this.#mode = this.#random.of(MODES)
    if (this.#random.chance(0.2)) this.#role = this.#random.of(ROLES)
    const entries: Entry[] = []
    if (this.#mode !== undefined && this.#random.chance(0.7)) {
      for (const state of new Set(MODES)) entries.push({ metric: 'shop.mode', attributes: { state }, value: state === this.#mode ? 1 : 0 })
    }
    if (this.#role !== undefined && this.#random.chance(0.7)) {
      entries.push({ metric: 'shop.leader', attributes: { role: this.#role }, value: 1 })
    }
    return entries
  }
}
