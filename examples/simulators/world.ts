import type { Coordinates } from '../service/distance.ts'
import type { Position } from '../tracker-fetcher/decrypt-report.ts'
import { Fleet, type FleetSize, type HomeTier } from '../tracker-fetcher/fleet.ts'
import { DEFAULT_GEOFENCES } from '../service/geofence.ts'
import { Finder } from './encrypt-report.ts'
import type { FaultName, Faults, FaultSettings } from './faults.ts'
import { seededRandom, type Random } from './random.ts'

export interface WorldOptions {
  readonly seed: number
  readonly fleetSecret: string
  readonly fleet: FleetSize
  /** Epoch milliseconds at which the service first looks. */
  readonly startAt: number
  /** How much of the time before `startAt` has reports; Apple keeps 168 h. */
  readonly historyHours: number
  /** Makes reports, commutes and upload delays so many times faster. 1 is real life. */
  readonly speed: number
  /** Newest reports returned per tracker, at most. */
  readonly reportCap: number
  readonly faults: Pick<Faults, 'pick'>
}

interface Report {
  readonly at: number
  readonly publishedAt: number
  /** Whose place it repeats. */
  readonly like: Report | undefined
  /** Where the finder says the tracker was, once somebody asked. */
  place: Coordinates | undefined
  payload: string | undefined
}

interface Tracker {
  readonly id: string
  readonly keyId: string
  readonly random: Random
  readonly finder: () => Finder
  readonly meanGapMs: number
  readonly home: { readonly latitude: number; readonly longitude: number }
  readonly work: { readonly latitude: number; readonly longitude: number }
  readonly phase: number
  /** Oldest first. */
  reports: Report[]
  /** The newest report of where it really was. */
  last: Report | undefined
  nextAt: number
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const RETENTION_MS = 7 * DAY
const UPLOAD_DELAY_MS = 20 * 60_000
const REPORTS_PER_HOUR: Readonly<Record<HomeTier, number>> = { hot: 1.5, warm: 0.5, cold: 0.1 }
/** 62 % of reports come from newer finders. */
const SHARE_OF_89_BYTES = 0.62
const CROWD = 3
const LATE_MS = 6 * HOUR
const NOWHERE = { latitude: 0, longitude: 0 }

/** Trackers commuting between a home and a place of work inside one of the service's geofences, and the finders around them. */
export class World {
  readonly #options: WorldOptions
  readonly #trackers = new Map<string, Tracker>()

  constructor(options: WorldOptions) {
    this.#options = options
    const fleet = new Fleet(options.fleetSecret, options.fleet)
    for (const { id, tier } of fleet.trackers()) {
      const tracker = makeTracker(id, tier, fleet, options)
      this.#trackers.set(tracker.keyId, tracker)
    }
  }

  /** The tracker's newest encrypted reports, base64, as published by `now`; none for a key the world doesn't know. */
  reports(keyId: string, now: number): readonly string[] {
    const tracker = this.#trackers.get(keyId)
    if (!tracker) return []
    this.#advance(tracker, now)
    const published = tracker.reports.filter((report) => report.publishedAt <= now)
    return published.slice(-this.#options.reportCap).map((report) => (report.payload ??= this.#encrypt(tracker, report)))
  }

  /** Makes the reports of all trackers until `now`, so that a fault that begins or ends then is in none of them. */
  advance(now: number): void {
    for (const tracker of this.#trackers.values()) this.#advance(tracker, now)
  }

  #advance(tracker: Tracker, now: number): void {
    while (tracker.nextAt <= now) {
      this.#see(tracker)
      tracker.nextAt += tracker.random.exponential() * tracker.meanGapMs
    }
    tracker.reports = tracker.reports.filter((report) => report.at >= now - RETENTION_MS)
  }

  /** Finders see the tracker: one, unless there is a crowd. */
  #see(tracker: Tracker): void {
    const { faults, speed } = this.#options
    const met = (name: FaultName): FaultSettings | undefined => faults.pick([name], { probe: false })?.settings
    const [still, zero, crowd, late] = [met('world.still'), met('world.zero'), met('world.crowd'), met('reports.late')]
    for (let finders = crowd ? CROWD : 1; finders > 0; finders--) {
      const delay = tracker.random.logNormal(UPLOAD_DELAY_MS / speed, 0.5) + (late ? (late.delay_ms ?? LATE_MS) : 0)
      const report: Report = {
        at: tracker.nextAt,
        publishedAt: tracker.nextAt + delay,
        like: still && tracker.last,
        place: zero && NOWHERE,
        payload: undefined,
      }
      tracker.reports.push(report)
      if (!still && !zero) tracker.last = report
    }
  }

  #encrypt(tracker: Tracker, report: Report): string {
    const length = tracker.random.next() < SHARE_OF_89_BYTES ? 89 : 88
    const { latitude, longitude } = this.#place(tracker, report)
    const position: Position = { at: report.at, latitude, longitude, accuracy: 20 + Math.floor(tracker.random.next() * 80) }
    return tracker.finder().report(position, length).toString('base64')
  }

  #place(tracker: Tracker, report: Report): Coordinates {
    return (report.place ??= report.like ? this.#place(tracker, report.like) : this.#whereabouts(tracker, report.at))
  }

  #whereabouts({ home, work, phase, random }: Tracker, at: number): Coordinates {
    const share = shareOfWayToWork(((((at * this.#options.speed) / DAY + phase) % 1) + 1) % 1)
    // About 50 m of error in any direction.
    const noise = (): number => (random.next() - 0.5) * 0.001
    return {
      latitude: home.latitude + share * (work.latitude - home.latitude) + noise(),
      longitude: home.longitude + share * (work.longitude - home.longitude) + noise(),
    }
  }
}

function makeTracker(id: string, tier: HomeTier, fleet: Fleet, { seed, startAt, historyHours, speed }: WorldOptions): Tracker {
  const random = seededRandom(seed, id)
  const { keyId, ecdh } = fleet.key(id)
  const landmark = DEFAULT_GEOFENCES[Math.floor(random.next() * DEFAULT_GEOFENCES.length)]!
  const near = (span: number, offset: number) => ({
    latitude: landmark.latitude + offset + (random.next() - 0.5) * span,
    longitude: landmark.longitude + offset + (random.next() - 0.5) * span,
  })
  const meanGapMs = HOUR / (REPORTS_PER_HOUR[tier] * speed)
  let finder: Finder | undefined
  return {
    id,
    keyId,
    random,
    finder: () => (finder ??= new Finder(ecdh)),
    meanGapMs,
    work: near(0.002, 0),
    home: near(0.02, 0.05),
    phase: random.next(),
    reports: [],
    last: undefined,
    nextAt: startAt - historyHours * HOUR + random.exponential() * meanGapMs,
  }
}

/** 0 is at home, 1 at work; `day` is the part of the day that has passed. */
function shareOfWayToWork(day: number): number {
  if (day < 0.35) return 0
  if (day < 0.4) return (day - 0.35) / 0.05
  if (day < 0.8) return 1
  if (day < 0.85) return (0.85 - day) / 0.05
  return 0
}
