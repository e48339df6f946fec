import {
  ACTIVE_GEOFENCES,
  DETECTION_LATENCY,
  GEOFENCE_EVENTS,
  GEOFENCE_REPORTS,
  TIMING,
  TRANSITION,
} from '../../../../src/kinds/realtime-geofence/metrics.ts'
import { WORK_EVENTS } from '../../../../src/kinds/worker/metrics.ts'
import { DEFAULT_GEOFENCES } from '../../../service/geofence.ts'
import { countBy, figures, sum, total, type Figure } from '../../figures.ts'
import type { Books, Telemetry } from './books.ts'
import { attempts, calls, counted } from './work.ts'

export function geofenceBooks({ counts, siblings, left }: Books, telemetry: Telemetry): readonly Figure[] {
  const { otlp } = telemetry
  const { evaluated, failed, events, fenceCalls } = counts.realtime_geofence
  const { merged } = counts.location_aggregator
  return [
    ...figures('reports', { truth: { ...evaluated }, ...counted(telemetry, GEOFENCE_REPORTS.name, [TIMING]) }),
    { what: 'merged by the aggregator, evaluated or failed', truth: merged - left.positions, otlp: total({ ...evaluated }) + failed },
    ...figures('events', { truth: { ...events }, ...counted(telemetry, GEOFENCE_EVENTS.name, [TRANSITION]) }),
    ...figures('detected', {
      truth: { ...events },
      otlp: countBy(
        otlp.of(DETECTION_LATENCY.name),
        ({ attributes }) => attributes[TRANSITION]!,
        ({ count }) => count,
      ),
    }),
    { what: 'events', truth: total({ ...events }), otlp: sum(otlp.of(WORK_EVENTS.name)), totals: telemetry.totals['events'] as number },
    { what: 'geofences', truth: DEFAULT_GEOFENCES.length, otlp: sum(otlp.of(ACTIVE_GEOFENCES.name)) },
    ...attempts(telemetry, { ok: total({ ...evaluated }), failed: failed > 0 ? { BrokenFenceError: failed } : {} }),
    ...calls(telemetry, 'fences', siblings.fences.calls['fences'] ?? {}, fenceCalls),
  ]
}
