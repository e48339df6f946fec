/** The claim to restart an instance of a service, which only a share of its instances has at once. */
import type { ShardNames } from './names.ts'
import { recoveryKeys } from './scripts/recovery.ts'

/** A claim ends by itself this long after it was taken or renewed. Milliseconds. */
export const RECOVERY_MS = 30_000
/** It is taken again so often while it is needed. Milliseconds. */
export const RECOVERY_RENEWED_MS = 10_000

/** What of a connection it takes. */
export interface RecoveryClient {
  healthRecovery(...keysAndArguments: readonly string[]): Promise<'0' | '1'>
}

export interface Recovery {
  readonly names: ShardNames
  readonly service: string
  /** The supervisor, `Supervised.id`: the process before a restart and the one after it have one claim. */
  readonly holder: string
  /** An instance that beat so long ago counts as alive: three of its publishing intervals. Milliseconds. */
  readonly liveWithinMs: number
}

/**
 * Whether it may be restarted now; renews a claim that it has. `join`: its process is down already, so that it counts among those in recovery
 * whether there is room or not. Rejects with the server's error.
 */
export async function takeRecovery(client: RecoveryClient, recovery: Recovery, how: 'take' | 'join' = 'take'): Promise<boolean> {
  return (await ask(client, recovery, how)) === '1'
}

/** The instance is well again, or its restart was called off. Rejects with the server's error. */
export async function releaseRecovery(client: RecoveryClient, recovery: Recovery): Promise<void> {
  await ask(client, recovery, 'release')
}

function ask(client: RecoveryClient, { names, service, holder, liveWithinMs }: Recovery, how: string): Promise<'0' | '1'> {
  return client.healthRecovery(...recoveryKeys(names, service), holder, how, String(RECOVERY_MS), String(liveWithinMs))
}
