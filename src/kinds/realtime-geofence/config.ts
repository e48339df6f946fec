/** What health.config may say of a realtime geofence beyond what it may say of any worker. */
import { fail } from '../../config/checking.ts'
import type { KindConfig } from '../../config/kind-config.ts'
import type { TimeText } from '../../rules/rule-data.ts'
import { secondsOf } from '../../rules/time-text.ts'

export interface RealtimeGeofenceConfig {
  /** How long events are watched before `no_events` is judged against what was seen; default `24h`, for a day has its night. */
  readonly eventsLearning?: TimeText
}

export const REALTIME_GEOFENCE_KEYS: KindConfig['keys'] = {
  eventsLearning(value, path) {
    if (typeof value !== 'string' && typeof value !== 'number') fail(path, value, 'seconds or a text such as "30s", "5m" or "24h"')
    secondsOf(value, path)
  },
}
