/**
 * Passive evidence of the servers a service uses: what its own Redis, PostgreSQL and MySQL clients get from them. Nothing is sent, no
 * promise of the service is touched, and a busy connection tells of one answer per second.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import type { DependencyEvidence } from '../../checks/dependency-evidence.ts'
import type { Cancel, Clock } from '../../types.ts'
import { mysqlOutcome, redisOutcome } from './dependency-outcome.ts'
import { IoredisConnections } from './ioredis-connections.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import { Mysql2Connections } from './mysql2-connections.ts'
import { hookPg } from './pg-connections.ts'
import { watchRedisClient } from './redis-client-channels.ts'
import { waitsOnPurpose } from './redis-commands.ts'
import { cancelAll } from '../calls/replace-method.ts'
import { SampledChannels } from '../calls/sampled-channels.ts'
import { EvidenceTeller } from './watched-connection.ts'

export interface DependencyOptions {
  readonly hook: ModuleHook
  readonly clock: Clock
  /** Must not throw; if it does, that is said once and the service does not notice. */
  readonly onEvidence: (evidence: DependencyEvidence) => void
}

/** Clients loaded before this are seen only through their channels. Returns what ends it and restores every method. */
export function watchDependencies({ hook, clock, onEvidence }: DependencyOptions): Cancel {
  const teller = new EvidenceTeller(clock, onEvidence)
  const ioredis = new IoredisConnections(teller)
  const mysql2 = new Mysql2Connections(teller)
  return cancelAll([
    () => teller.stop(),
    hookPg(hook, teller),
    ioredis.hook(hook),
    mysql2.hook(hook),
    watchRedisClient(hook, teller),
    watchBundledIoredis(ioredis, teller),
    watchBundledMysql2(mysql2, teller),
  ])
}

/** A copy that the module hook did not reach, as in a bundle, is known by connecting on its own. */
function watchBundledIoredis(hooked: IoredisConnections, teller: EvidenceTeller): Cancel {
  const ignore = (): boolean => hooked.inside
  const options = { teller, kind: 'redis', defaultPort: 6379, outcome: redisOutcome, ignore, waits: waitsOnPurpose } as const
  const sampled = new SampledChannels({ ...options, channels: ['ioredis:command'] })
  const onConnect = (message: unknown): void => {
    if (hooked.inside) return
    sampled.start()
    unhooked.add(message as object)
  }
  const unhooked = new WeakSet<object>()
  const onFailure = (message: unknown): void => {
    if (!unhooked.has(message as object)) return
    const server = sampled.server(message as object)
    server?.begins()
    server?.ended(redisOutcome((message as { error?: unknown }).error))
  }
  subscribe('tracing:ioredis:connect:start', onConnect)
  subscribe('tracing:ioredis:connect:error', onFailure)
  return () => {
    unsubscribe('tracing:ioredis:connect:start', onConnect)
    unsubscribe('tracing:ioredis:connect:error', onFailure)
    sampled.stop()
  }
}

/** Queries with callbacks or promises are the same while they are listened to; a streamed one without a listener for errors is not. */
function watchBundledMysql2(hooked: Mysql2Connections, teller: EvidenceTeller): Cancel {
  const sampled = new SampledChannels({
    teller,
    kind: 'mysql',
    channels: ['mysql2:query', 'mysql2:execute'],
    defaultPort: 3306,
    outcome: mysqlOutcome,
    ignore: () => hooked.loaded,
    waits: () => false,
  })
  teller.onPeriod(() => (hooked.loaded ? sampled.stop() : sampled.start()))
  return () => sampled.stop()
}
