/** A lane on a virtual clock: time passes only when it is told to. */
import { setImmediate as turn } from 'node:timers/promises'
import { Lane, type LaneOfWork, type LaneWork } from '../../src/relay/lane.ts'
import type { LaneStore } from '../../src/relay/lane-store.ts'
import { TargetReport, type RelayEvent } from '../../src/relay/target-report.ts'
import type { VirtualClock } from '../support/virtual-clock.ts'

const POLL_MS = 500
export const CLAIM_MS = 5000

export interface LaneRun {
  readonly lane: Lane
  readonly report: TargetReport
  readonly events: readonly RelayEvent[]
  /** Lets `ms` pass, a look at the stream after the other. */
  readonly pass: (ms: number) => Promise<void>
}

export function runLane(clock: VirtualClock, store: LaneStore, work: (report: TargetReport, lane: LaneOfWork) => LaneWork): LaneRun {
  const events: RelayEvent[] = []
  const report = new TargetReport('pager', (event) => events.push(event))
  const lane = new Lane({ store, clock, report, pollMs: POLL_MS, claimMs: CLAIM_MS, onRedis() {} }, (of) => work(report, of))
  lane.start()
  return {
    lane,
    report,
    events,
    async pass(ms) {
      await settled()
      for (let left = ms; left > 0; left -= 100) {
        clock.advance(Math.min(left, 100))
        // oxlint-disable-next-line no-await-in-loop
        await settled()
      }
    },
  }
}

/** Whatever needs no time has happened. */
export async function settled(): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop
  for (let i = 0; i < 4; i++) await turn()
}
