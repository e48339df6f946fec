/** What becomes of a service of which nothing is heard any more, and of the alerts that it left open. */
import { SERVICE_SILENT } from '../catalogue.ts'
import { alertId } from './alert-id.ts'
import type { ShardNames } from './names.ts'
import type { AlertReply } from './redis-client.ts'
import { alertKeys, lookingOnly } from './scripts/alert.ts'
import { forgetKeys, silenceKeys, type SilenceReply } from './scripts/silence.ts'

/** What of a connection it takes. */
export interface SilentClient {
  healthSilence(...keysAndArguments: readonly string[]): Promise<SilenceReply>
  healthAlert(...keysAndArguments: readonly string[]): Promise<AlertReply>
  healthForget(...keysAndArguments: readonly string[]): Promise<'0' | '1'>
  smembers(key: string): Promise<string[]>
}

/** As `forgottenAfterMs`: at once. */
export const FORGOTTEN_BY_HAND_MS = 0

export interface SilentService {
  readonly names: ShardNames
  readonly service: string
  /** Begins the name of an epoch, should this write begin one. */
  readonly epochs: string
  readonly retentionMs: number
  /** It is forgotten when nothing has been heard of it for so long. Milliseconds. */
  readonly forgottenAfterMs: number
  /** Looked at again after this while alerts of it are open: an instance may have said something after its last beat. Milliseconds. */
  readonly lookAgainMs: number
  /** Who has it forgotten; left out: nobody, the time has come. */
  readonly actor?: string
}

/** `told`: it is silent, and this look was the first to say so. */
export type SilenceFound = 'not due' | 'told' | 'silent' | 'stopped' | 'forgotten'

const FOUND: Readonly<Record<SilenceReply, SilenceFound>> = { 0: 'not due', 1: 'silent', 2: 'stopped', 3: 'forgotten', 4: 'told' }

/**
 * Fires `service_silent` if it is due; its open alerts become unknown, for nobody is left who knows; after a long time they end, and the
 * service is forgotten. Whoever else does the same meanwhile does no harm.
 */
export async function lookAfterSilent(client: SilentClient, silent: SilentService): Promise<SilenceFound> {
  const { names, service, epochs, retentionMs, forgottenAfterMs, lookAgainMs } = silent
  const silentId = alertId(SERVICE_SILENT, service)
  const found = await client.healthSilence(
    ...silenceKeys(names, silentId, service),
    ...[service, silentId, names.alertsChannel, String(retentionMs), epochs, String(forgottenAfterMs), String(lookAgainMs)],
  )
  if (found === '0') return 'not due'
  for (const id of await client.smembers(names.openOf(service))) {
    if (id === silentId) continue
    await client.healthAlert(...alertKeys(names, id, service), ...lookingOnly(names, retentionMs, epochs))
    if (found === '2' || found === '3') await forget(client, silent, id, found === '3' ? 0 : forgottenAfterMs)
  }
  return FOUND[found]
}

async function forget(client: SilentClient, silent: SilentService, id: string, unknownForMs: number): Promise<void> {
  const { names, service, epochs, retentionMs, forgottenAfterMs, actor } = silent
  const why = actor === undefined ? `nothing has been heard of ${service} for ${forgottenAfterMs / 3_600_000} h` : `${actor} says so`
  const said = [actor === undefined ? 'instance_gone' : 'manual', JSON.stringify(actor ?? null), JSON.stringify(`Forgotten, for ${why}`)]
  await client.healthForget(
    ...forgetKeys(names, id, service),
    ...[id, names.alertsChannel, String(retentionMs), epochs, String(unknownForMs), ...said],
  )
}
