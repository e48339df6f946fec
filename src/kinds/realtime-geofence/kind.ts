/** A worker that holds each report against geofences as it comes. */
import type { Kind } from '../kind.ts'
import { kindOfWorker } from '../worker/kind-of-worker.ts'
import type { RealtimeGeofenceConfig } from './config.ts'
import { REALTIME_GEOFENCE_KEYS } from './config.ts'
import { realtimeGeofenceJudging } from './judging.ts'
import { RealtimeGeofenceHealthMonitor } from './monitor.ts'

export const realtimeGeofence: Kind<RealtimeGeofenceConfig> = kindOfWorker<RealtimeGeofenceConfig>({
  judging: realtimeGeofenceJudging,
  title: 'realtime geofence',
  about:
    'For a service that holds each report against geofences as it comes; an attempt is one evaluation, and low_success_rate tells of those that fail.',
  keys: REALTIME_GEOFENCE_KEYS,
  monitor: (options) => new RealtimeGeofenceHealthMonitor(options),
  dashboard: {
    description: 'A realtime geofence: how it stands, its reports and events and how late it sees them, its work and queues.',
    rule: 'slow_detection',
    rows: async () => (await import('./dashboard.ts')).realtimeGeofenceRows,
  },
})
