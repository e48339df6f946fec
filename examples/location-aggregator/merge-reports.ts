import { distanceMetres } from '../service/distance.ts'
import { cellOf, type PlaceRequest, type Position, type Report } from '../service/pipeline.ts'

export interface Plausibility {
  /** Metres per second. */
  readonly maxSpeed: number
  /** How far a report may be ahead of this machine's clock. */
  readonly aheadMs: number
}

/** What is known of the trackers of a batch. */
export interface Known {
  /** The newest position of each. */
  readonly newest: ReadonlyMap<string, Position>
  /** Whether a position of this tracker and second was merged before. */
  readonly merged: (report: Report) => boolean
}

export interface Merge {
  readonly positions: readonly Position[]
  /** For each move of a tracker's newest position to another square. */
  readonly placeRequests: readonly PlaceRequest[]
  readonly duplicates: number
  readonly implausible: number
  /** The newest position of each tracker that has a newer one now. */
  readonly newest: ReadonlyMap<string, Position>
}

/** The second is what makes two reports of a tracker the same: finders disagree about the rest. */
export function secondOf({ at }: Report | Position): number {
  return Math.round(at / 1_000)
}

/** Sorts a batch into positions, duplicates and what can't be true, in order of the reports' own time. */
export function mergeReports(reports: readonly Report[], known: Known, now: number, plausibility: Plausibility): Merge {
  const positions: Position[] = []
  const placeRequests: PlaceRequest[] = []
  const newest = new Map<string, Position>()
  const taken = new Set<string>()
  let duplicates = 0
  for (const report of reports.toSorted((a, b) => a.at - b.at)) {
    const { trackerId, latitude, longitude, at } = report
    const identity = `${trackerId} ${secondOf(report)}`
    const last = newest.get(trackerId) ?? known.newest.get(trackerId)
    if (taken.has(identity) || known.merged(report)) {
      duplicates++
      continue
    }
    if (!isPlausible(report, last, now, plausibility)) continue
    const position = { trackerId, latitude, longitude, at }
    taken.add(identity)
    positions.push(position)
    if (last && at <= last.at) continue
    newest.set(trackerId, position)
    const cell = cellOf(position)
    if (!last || cell !== cellOf(last)) placeRequests.push({ trackerId, cell })
  }
  return { positions, placeRequests, duplicates, implausible: reports.length - positions.length - duplicates, newest }
}

function isPlausible(report: Report, last: Position | undefined, now: number, { maxSpeed, aheadMs }: Plausibility): boolean {
  const { latitude, longitude, at } = report
  // 0,0 is what is sent by devices that don't know where they are.
  if (latitude === 0 && longitude === 0) return false
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180 || at > now + aheadMs) return false
  if (!last) return true
  return distanceMetres(report, last) <= (maxSpeed * Math.abs(at - last.at)) / 1_000
}
