/** Where a monitor's status and alerts go unless it is told otherwise: to the health Redis. */
import { PUBLISH_MESSAGES, PUBLISH_OUTCOME } from '../catalogue.ts'
import type { HealthOptions } from '../config/options.ts'
import { redisTargetOf } from '../config/redis-target.ts'
import { RedisExporter } from '../publish/redis-exporter.ts'
import type { Recording } from '../record/recording.ts'
import type { Clock } from '../types.ts'

export interface Publishing {
  readonly options: HealthOptions
  readonly instance: string
  readonly clock: Clock
  /** Counts what becomes of the messages. */
  readonly recording: Recording
  /** Ids of all alerts that the service's own rules can raise. */
  readonly alertIds: readonly string[]
  /** Whether it is an alert when nothing is heard of the service. */
  readonly isWatched: boolean
  /** What may cause the alerts of a rule, by its name. */
  readonly causes: ReadonlyMap<string, readonly string[]>
}

/** The health Redis; it connects when it is first asked or told something. */
export function createRedisExporter({ options, instance, clock, recording, alertIds, isWatched, causes }: Publishing): RedisExporter {
  const { serviceName: service, settings } = options
  const exporter = new RedisExporter({
    target: redisTargetOf(settings),
    clock,
    service,
    instance,
    publishingIntervalMs: settings.publishingInterval * 1000,
    retentionMs: settings.retentionHours * 3_600_000,
    alertIds,
    isWatched,
    causes,
  })
  const counted = { published: 0, failed: 0, dropped: 0 }
  recording.onCollect(() => {
    for (const outcome of ['published', 'failed', 'dropped'] as const) {
      const more = exporter.stats[outcome] - counted[outcome]
      if (more > 0) recording.counter(PUBLISH_MESSAGES, { [PUBLISH_OUTCOME]: outcome }).add(more)
      counted[outcome] += more
    }
  })
  return exporter
}
