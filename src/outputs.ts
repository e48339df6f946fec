/** Where a monitor's figures go unless it is told otherwise: status and alerts to the health Redis, metrics to OTLP. */
import { alertId } from './alert-id.ts'
import { EXPORT_FAILURES, PUBLISH_MESSAGES, PUBLISH_OUTCOME, SERVICE_SILENT } from './catalogue.ts'
import type { Environment, HealthOptions } from './config/options.ts'
import { parseResourceAttributes } from './config/options.ts'
import type { OwnedProvider } from './otlp.ts'
import { createOwnedProvider } from './otlp.ts'
import { RedisExporter } from './publish/redis-exporter.ts'
import type { CellStore } from './record/cells.ts'
import type { Recording } from './record/recording.ts'
import type { Clock } from './types.ts'

export interface Publishing {
  readonly options: HealthOptions
  readonly instance: string
  readonly clock: Clock
  /** Counts what becomes of the messages. */
  readonly recording: Recording
  /** Ids of all alerts that the service's own rules can raise. */
  readonly alertIds: readonly string[]
}

/** The health Redis; it connects when it is first asked or told something. */
export function createRedisExporter({ options, instance, clock, recording, alertIds }: Publishing): RedisExporter {
  const { serviceName: service, settings } = options
  const { redisHost: host, redisPort: port, redisUsername: username, redisPassword: password, redisCa: caFile } = settings
  const exporter = new RedisExporter({
    target: {
      host,
      port,
      clusterMode: settings.redisClusterMode,
      tls: settings.redisTls,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(caFile !== undefined && { caFile }),
    },
    clock,
    service,
    instance,
    publishingIntervalMs: settings.publishingInterval * 1000,
    retentionMs: settings.retentionHours * 3_600_000,
    alertIds: [...alertIds, alertId(SERVICE_SILENT, service)],
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

export interface Exporting {
  readonly options: HealthOptions
  readonly instance: string
  readonly clock: Clock
  readonly store: CellStore
  readonly env: Environment
}

/** The provider that exports what was recorded, as OTEL_* says; it begins at once. */
export function createProvider({ options, instance, clock, store, env }: Exporting): OwnedProvider {
  const { serviceName, originalServiceName } = options
  return createOwnedProvider({
    store,
    clock,
    env,
    resource: {
      ...parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES']),
      'service.name': env['OTEL_SERVICE_NAME'] || (originalServiceName ?? serviceName),
      'service.instance.id': instance,
    },
    onExportFailure: () => store.counter(EXPORT_FAILURES, {}).add(1),
  })
}
