/** In whose name the announcer speaks, and how it reaches Redis: as the process said it, else as the environment says it. */
import { hostname } from 'node:os'

import { resolveOptions, UNKNOWN_SERVICE, type Environment } from '../config/options.ts'
import { redisTargetOf } from '../config/redis-target.ts'
import { isServiceName, shardOf, toInstanceName, type ShardNames } from '../wire/names.ts'
import type { RedisTarget } from '../wire/redis-client.ts'
import type { About } from '../supervise/report.ts'

export interface Speaker {
  readonly service: string
  readonly instance: string
  readonly names: ShardNames
  readonly target: RedisTarget
  readonly retentionMs: number
  /** Three publishing intervals: what a message of the process is kept for. */
  readonly goneAfterMs: number
}

/** `undefined`: nothing names the service, or its settings cannot be used. */
export function speakerFor(about: About | undefined, env: Environment): Speaker | undefined {
  if (about && !isServiceName(about.service)) return undefined
  const said = about?.speaksBy
  if (about && said) {
    const { redis, retentionHours, publishingIntervalSeconds } = said
    return speakerBy(about.service, about.instance, { target: redis, retentionHours, publishingIntervalSeconds })
  }
  try {
    const { settings, serviceName, instance } = resolveOptions({ env })
    if (!about && serviceName === UNKNOWN_SERVICE) return undefined
    return speakerBy(about?.service ?? serviceName, about?.instance ?? instance ?? hostname(), {
      target: redisTargetOf(settings),
      retentionHours: settings.retentionHours,
      publishingIntervalSeconds: settings.publishingInterval,
    })
  } catch {
    // The service itself has said what is wrong with them.
    return undefined
  }
}

/** For a process that is gone, where another of the same service has taken its place. */
export function speakingAs(speaker: Speaker, instance: string | undefined): Speaker {
  return instance === undefined ? speaker : { ...speaker, instance: toInstanceName(instance) }
}

interface Reached {
  readonly target: RedisTarget
  readonly retentionHours: number
  readonly publishingIntervalSeconds: number
}

function speakerBy(service: string, instance: string, { target, retentionHours, publishingIntervalSeconds }: Reached): Speaker {
  return {
    service,
    instance: toInstanceName(instance),
    names: shardOf(service, target.shards ?? 1, target.hmacKey),
    target,
    retentionMs: Math.round(retentionHours * 3_600_000),
    goneAfterMs: Math.round(publishingIntervalSeconds * 3000),
  }
}
