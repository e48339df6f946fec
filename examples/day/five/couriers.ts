import type { Redis } from 'ioredis'
import type { Coordinates } from '../../service/distance.ts'
import { DEFAULT_GEOFENCES } from '../../service/geofence.ts'
import { LISTS, type Report } from '../../service/pipeline.ts'
import type { DiscreteClock } from '../../simulators/discrete-clock.ts'
import type { FaultName, FaultSettings } from '../../simulators/faults.ts'

const SECOND = 1_000
/** Of one fleet. Each courier reports once in four minutes. */
const COURIERS = 24
const EVERY_MS = 10 * SECOND
/** After each full ten seconds, so that two fleets do not report at once. */
const FLEETS = [
  { name: 'a', offsetMs: 3 * SECOND },
  { name: 'b', offsetMs: 8 * SECOND },
] as const
/** Degrees north of the middle of a geofence: on the way there, in it, still in it, on the way back. */
const ROUTE = [0.01, 0.001, -0.001, -0.01] as const
const CROWD = 3

/** What couriers are subject to, as the trackers of the world are. */
const OBEYED: readonly FaultName[] = ['world.still', 'world.zero', 'world.crowd', 'reports.late']

/**
 * Couriers with a GPS tracker of their own that reports without Apple: a load that is the same for every seed. A fleet that drives makes one
 * report every ten seconds, and of every four reports in turn one event each: nothing, enter, dwell, exit.
 */
export class Couriers {
  readonly #clock: DiscreteClock
  readonly #redis: Redis
  #sent = 0
  readonly #faults = new Map<FaultName, FaultSettings>()
  /** Where on its route each courier of each fleet is. */
  readonly #places = FLEETS.map(() => Array.from({ length: COURIERS }, (_, courier) => courier % ROUTE.length))
  #driving = 0

  constructor(clock: DiscreteClock, redis: Redis) {
    this.#clock = clock
    this.#redis = redis
  }

  start(): void {
    for (const fleet of FLEETS.keys()) void this.#drive(fleet)
  }

  /** How many fleets are on the road from now on. */
  set driving(fleets: number) {
    this.#driving = fleets
  }

  begin(fault: FaultName, settings: FaultSettings): void {
    if (OBEYED.includes(fault)) this.#faults.set(fault, settings)
  }

  end(fault: FaultName): void {
    this.#faults.delete(fault)
  }

  /** Reports that were put on the list. */
  get sent(): number {
    return this.#sent
  }

  async #drive(fleet: number): Promise<void> {
    await this.#clock.sleep(FLEETS[fleet]!.offsetMs)
    for (let turn = 0; ; turn++) {
      if (fleet < this.#driving) void this.#report(fleet, turn % COURIERS)
      await this.#clock.sleep(EVERY_MS)
    }
  }

  async #report(fleet: number, courier: number): Promise<void> {
    const places = this.#places[fleet]!
    if (!this.#faults.has('world.still')) places[courier] = (places[courier]! + 1) % ROUTE.length
    const seen = {
      trackerId: `courier-${FLEETS[fleet]!.name}-${courier}`,
      ...(this.#faults.has('world.zero') ? { latitude: 0, longitude: 0 } : courierPlace(courier, places[courier]!)),
      at: this.#clock.now(),
    }
    const times = this.#faults.has('world.crowd') ? CROWD : 1
    const late = this.#faults.get('reports.late')
    if (late) await this.#clock.sleep(late.delay_ms!)
    const report: Report = { ...seen, fetchedAt: this.#clock.now() }
    await this.#redis.rpush(LISTS.reports, ...Array.from({ length: times }, () => JSON.stringify(report)))
    this.#sent += times
  }
}

/** `place`: on the route. */
export function courierPlace(courier: number, place: number): Coordinates {
  const { latitude, longitude } = DEFAULT_GEOFENCES[courier % DEFAULT_GEOFENCES.length]!
  return { latitude: latitude + ROUTE[place]!, longitude }
}
