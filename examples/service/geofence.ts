import { distanceMetres, type Coordinates } from './distance.ts'

export interface Geofence extends Coordinates {
  readonly id: string
  readonly radiusMetres: number
}

/** Where something was, and when. */
export interface Sighting extends Coordinates {
  /** Epoch milliseconds. */
  readonly at: number
}

export type GeofenceTransition = 'enter' | 'exit' | 'dwell'

/** Where one tracker stands: the fences it is in, since when, and whether its stay was reported. */
export interface GeofenceState {
  /** Time of the newest position judged; undefined before the first. */
  readonly positionAt?: number
  readonly inside: Readonly<Record<string, { readonly since: number; readonly dwelt: boolean }>>
}

export interface GeofenceEvent {
  readonly fence: string
  readonly transition: GeofenceTransition
  readonly at: number
}

export const DEFAULT_GEOFENCES: readonly Geofence[] = [
  { id: 'depot', latitude: 52.5163, longitude: 13.3777, radiusMetres: 400 },
  { id: 'harbour', latitude: 53.5413, longitude: 9.9841, radiusMetres: 400 },
  { id: 'market', latitude: 48.1351, longitude: 11.5762, radiusMetres: 400 },
]

/**
 * Judges new positions in order of their own time. Reports arrive late and out of order: one older than the newest judged is
 * dropped, for the past can't be entered any more. The first position of all sets the state without an event. `dwell` comes once a stay.
 */
export function judgeGeofences(
  state: GeofenceState,
  positions: readonly Sighting[],
  fences: readonly Geofence[],
  dwellMs: number,
): { state: GeofenceState; events: readonly GeofenceEvent[] } {
  const inside = { ...state.inside }
  const events: GeofenceEvent[] = []
  let positionAt = state.positionAt
  for (const position of positions.toSorted((a, b) => a.at - b.at)) {
    if (positionAt !== undefined && position.at <= positionAt) continue
    const first = positionAt === undefined
    positionAt = position.at
    for (const fence of fences) {
      const stay = inside[fence.id]
      if (distanceMetres(position, fence) > fence.radiusMetres) {
        if (!stay) continue
        delete inside[fence.id]
        events.push({ fence: fence.id, transition: 'exit', at: position.at })
      } else if (!stay) {
        inside[fence.id] = { since: position.at, dwelt: false }
        if (!first) events.push({ fence: fence.id, transition: 'enter', at: position.at })
      } else if (!stay.dwelt && position.at - stay.since >= dwellMs) {
        inside[fence.id] = { ...stay, dwelt: true }
        events.push({ fence: fence.id, transition: 'dwell', at: position.at })
      }
    }
  }
  return { state: positionAt === undefined ? { inside } : { positionAt, inside }, events }
}
