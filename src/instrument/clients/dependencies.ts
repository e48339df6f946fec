/**
 * Passive evidence of the servers a service uses: what its own Redis, PostgreSQL and MySQL clients get from them. Nothing is sent, no
 * promise of the service is touched, and a busy connection tells of one answer per second.
 */
import type { DependencyEvidence } from '../../checks/dependency-evidence.ts'
import type { Cancel, Clock } from '../../types.ts'
import { cancelAll } from '../calls/replace-method.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import type { WatchClient } from './client-library.ts'
import { watchIoredis } from './ioredis.ts'
import { watchMysql2 } from './mysql2.ts'
import { watchNodeRedis } from './node-redis.ts'
import { watchNodeRedisCallbacks } from './node-redis-callbacks.ts'
import { watchNodeRedisSockets } from './node-redis-sockets.ts'
import { watchPg } from './pg.ts'
import { watchValkeyGlide } from './valkey-glide.ts'
import { EvidenceTeller } from './watched-connection.ts'

const CLIENTS: readonly WatchClient[] = [
  watchPg,
  watchIoredis,
  watchMysql2,
  watchNodeRedis,
  watchNodeRedisSockets,
  watchNodeRedisCallbacks,
  watchValkeyGlide,
]

export interface DependencyOptions {
  readonly hook: ModuleHook
  readonly clock: Clock
  /** Must not throw; if it does, that is said once and the service does not notice. */
  readonly onEvidence: (evidence: DependencyEvidence) => void
}

/** Clients loaded before this are seen only through their channels. Returns what ends it and restores every method. */
export function watchDependencies({ hook, clock, onEvidence }: DependencyOptions): Cancel {
  const teller = new EvidenceTeller(clock, onEvidence)
  return cancelAll([() => teller.stop(), ...CLIENTS.map((watch) => watch(hook, teller))])
}
