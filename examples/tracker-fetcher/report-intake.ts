import type { EncryptedReports } from './apple-client.ts'
import { NO_EVENTS, type Attempt, type BatchResult } from './batch.ts'
import { decryptReport, type Position } from './decrypt-report.ts'
import type { Fleet } from './fleet.ts'
import { judgeGeofences, type Geofence } from '../service/geofence.ts'
import type { Report } from '../service/pipeline.ts'
import { tierByAge } from './schedule.ts'
import type { SeenReports } from './seen-reports.ts'
import type { TrackerState } from './tracker-states.ts'

export interface Intake {
  readonly attempts: readonly Attempt[]
  readonly states: ReadonlyMap<string, TrackerState>
  readonly geofence: BatchResult['geofence']
  readonly decryptFailures: number
}

/** From encrypted reports to positions and geofence events: dedupe first, decrypt what is new, judge the fences. */
export class ReportIntake {
  readonly #fleet: Fleet
  readonly #seen: SeenReports
  readonly #geofences: readonly Geofence[]
  readonly #dwellMs: number
  readonly #tierMoves: boolean

  constructor(options: { fleet: Fleet; seen: SeenReports; geofences: readonly Geofence[]; dwellMs: number; tierMoves: boolean }) {
    this.#fleet = options.fleet
    this.#seen = options.seen
    this.#geofences = options.geofences
    this.#dwellMs = options.dwellMs
    this.#tierMoves = options.tierMoves
  }

  /** `before` are the states of the trackers, in their order. Marks as seen only what was decrypted or can't ever be. */
  async take(trackerIds: readonly string[], before: readonly TrackerState[], reports: EncryptedReports, now: number): Promise<Intake> {
    const payloads = new Map(trackerIds.map((id) => [id, decode(reports.get(this.#fleet.key(id).keyId))]))
    const unseen = await this.#seen.filter(payloads)
    const geofence = { ...NO_EVENTS }
    let decryptFailures = 0
    const states = new Map<string, TrackerState>()
    const read: Report[] = []
    const attempts = trackerIds.map((id, index): Attempt => {
      const { fresh, duplicates } = unseen.get(id) ?? { fresh: [], duplicates: 0 }
      const positions = this.#decrypt(id, fresh)
      for (const { latitude, longitude, at } of positions) read.push({ trackerId: id, latitude, longitude, at, fetchedAt: now })
      const failures = fresh.length - positions.length
      decryptFailures += failures
      const state = before[index]!
      const judged = judgeGeofences(state.geofence, positions, this.#geofences, this.#dwellMs)
      for (const { transition } of judged.events) geofence[transition]++
      const unreadable = failures > 0 && positions.length === 0 && duplicates === 0
      states.set(id, this.#advance(state, positions, judged.state, unreadable, now))
      if (unreadable) return { outcome: 'failed', errorType: 'decrypt', newReports: 0, duplicateReports: 0 }
      const found = fresh.length + duplicates > 0
      return { outcome: found ? 'reports' : 'empty', newReports: positions.length, duplicateReports: duplicates }
    })
    await this.#seen.add(new Map([...unseen].map(([id, { fresh }]) => [id, fresh])), read, now)
    return { attempts, states, geofence, decryptFailures }
  }

  #decrypt(id: string, payloads: readonly Buffer[]): readonly Position[] {
    return payloads.flatMap((payload) => {
      try {
        return [decryptReport(payload, this.#fleet.key(id).ecdh)]
      } catch {
        return []
      }
    })
  }

  #advance(
    state: TrackerState,
    positions: readonly Position[],
    geofence: TrackerState['geofence'],
    failed: boolean,
    now: number,
  ): TrackerState {
    const newest = Math.max(state.lastReportAt ?? -Infinity, ...positions.map(({ at }) => at))
    const lastReportAt = newest === -Infinity ? undefined : newest
    const tier = state.tier && this.#tierMoves ? tierByAge(lastReportAt, now) : state.tier
    return {
      ...(tier && { tier }),
      failures: failed ? state.failures + 1 : 0,
      ...(lastReportAt !== undefined && { lastReportAt }),
      geofence,
    }
  }
}

function decode(base64: readonly string[] = []): readonly Buffer[] {
  return base64.map((payload) => Buffer.from(payload, 'base64'))
}
