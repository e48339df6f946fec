/** What happens over alerts because time has passed: whoever notices has the script look again. Whoever else does the same meanwhile does no harm. */
import { episodeNamedBy, matches } from '../overlays/matcher.ts'
import { encodeSilence, isOverWithAlert, nextChange, parseSilence, withWindows, type Silence } from '../overlays/silence.ts'
import { parseAlertDocument } from './alert-document.ts'
import type { ShardNames } from './names.ts'
import type { AlertReply } from './redis-client.ts'
import { acting, actKeys, alertKeys, lookingOnly } from './scripts/alert.ts'

/** What of a connection it takes. */
export interface OverlayClient {
  healthAlert(...keysAndArguments: readonly string[]): Promise<AlertReply>
  hget(key: string, field: string): Promise<string | null>
  hset(key: string, field: string, value: string): Promise<unknown>
  hdel(key: string, field: string): Promise<unknown>
  zadd(key: string, score: string, member: string): Promise<unknown>
  zrem(key: string, member: string): Promise<unknown>
  zrange(key: string, from: string, to: string): Promise<string[]>
}

export interface OverlayLook {
  readonly names: ShardNames
  readonly retentionMs: number
  /** Begins the name of an epoch, should this write begin one. */
  readonly epochs: string
}

const SILENCE = 'silence'
/** What cannot be looked after stands behind what can be, this long. Milliseconds. */
const POSTPONED_MS = 15_000
/** Open alerts that are read together. */
const AT_ONCE = 100

/** A member of `{health}:overlay-due`. */
export function dueSilence(id: string): string {
  return `${SILENCE} ${id}`
}

/** `member` of `{health}:overlay-due` is due. `now`: epoch milliseconds of the server. Rejects with the server's error; it is looked after later then. */
export async function lookAfterOverlay(client: OverlayClient, look: OverlayLook, member: string, now: number): Promise<void> {
  const { names } = look
  const [what = '', id = ''] = member.split(' ')
  try {
    if (what === SILENCE) return await lookAfterSilence(client, look, id, now)
    const isKnown = (await client.hget(names.alert(id), 'fold')) !== null
    if (isKnown) await client.healthAlert(...alertKeys(names, id, what), ...lookingOnly(names, look.retentionMs, look.epochs))
    else await client.zrem(names.overlayDue, member)
  } catch (error) {
    await client.zadd(names.overlayDue, String(now + POSTPONED_MS), member)
    throw error
  }
}

/** It begins, or ends: the alerts that it is about hear of it. One that is over for good, or with its alert, is forgotten. */
export async function lookAfterSilence(client: OverlayClient, look: OverlayLook, id: string, now: number): Promise<void> {
  const { names } = look
  const text = await client.hget(names.silences, id)
  const silence = text === null ? undefined : parseSilence(id, text)
  if (!silence) {
    await client.zrem(names.overlayDue, dueSilence(id))
    return
  }
  if (await endedWithAlert(client, names, silence)) return forgetSilence(client, names, id)
  const ahead = withWindows(silence, now)
  if (ahead.repeat) await client.hset(names.silences, id, encodeSilence(ahead))
  await lookAtMatching(client, look, ahead)
  const next = nextChange(ahead, now)
  if (next === undefined) await forgetSilence(client, names, id)
  else await client.zadd(names.overlayDue, String(next), dueSilence(id))
}

async function forgetSilence(client: OverlayClient, names: ShardNames, id: string): Promise<void> {
  await client.hdel(names.silences, id)
  await client.zrem(names.overlayDue, dueSilence(id))
}

/** The script in which an alert ends takes such a silence off; this finds what an older version has left, or an extension came too late for. */
async function endedWithAlert(client: OverlayClient, names: ShardNames, silence: Pick<Silence, 'match'>): Promise<boolean> {
  const named = episodeNamedBy(silence)
  if (!named) return false
  const document = await client.hget(names.alert(named.alertId), 'doc')
  const alert = parseAlertDocument('0', document)
  // Of an alert that cannot be read nobody knows that it is over.
  return document === null || (alert !== undefined && isOverWithAlert(silence, alert))
}

/** Those that match it, and have it lie over them or not, as the time is. */
async function lookAtMatching(
  client: OverlayClient,
  { names, retentionMs, epochs }: OverlayLook,
  silence: Pick<Silence, 'match'>,
): Promise<void> {
  const look = acting(names, retentionMs, epochs, { act: 'look -', by: '', why: '' })
  const open = await client.zrange(names.open, '0', '-1')
  for (let i = 0; i < open.length; i += AT_ONCE) {
    const ids = open.slice(i, i + AT_ONCE)
    const documents = await Promise.all(ids.map((id) => client.hget(names.alert(id), 'doc')))
    const alerts = documents.map((document) => parseAlertDocument('0', document))
    const matching = alerts.filter((alert) => alert !== undefined && matches(silence, alert))
    await Promise.all(matching.map((alert) => client.healthAlert(...actKeys(names, alert!.alert_id, alert!.service), ...look)))
  }
}
