/** Who else of this service is alive, and which of its alerts are open: read anew, at a cost that does not grow with other services. */
import { PROCESS_DOWN } from '../catalogue.ts'
import { isOpen } from '../judge/alert.ts'
import { foldAlert, type AlertEntry, type FoldedAlert } from '../judge/fold.ts'
import type { InstancePresence, RuleScope, ServiceAlert } from '../types.ts'
import { FURTHEST_AHEAD_MS, parseEntry } from '../wire/alert-entry.ts'
import { parseAlertDocument } from '../wire/alert-document.ts'
import { isAlertState, isPhase, isSeverity, isStatus } from '../wire/closed-lists.ts'
import { isFields, isListOf, isText, parseFields } from '../wire/fields.ts'
import { isServiceName, type ShardNames } from '../wire/names.ts'
import type { PublisherClient, RedisClient } from '../wire/redis-client.ts'
import { RESTARTS_WITHIN_MS } from '../wire/scripts/restarts.ts'
import { toMs } from '../wire/scripts/time.ts'
import { MAX_MESSAGE_BYTES } from '../wire/sizes.ts'

/** More than these are not looked at: the most recent instances, any of the alerts, the services that fell silent first. */
const MOST_INSTANCES = 200
const MOST_ALERTS = 500
const MOST_SILENT = 100

export interface ServicePresence {
  /** Epoch milliseconds of the server. */
  readonly now: number
  readonly others: readonly InstancePresence[]
  readonly open: readonly ServiceAlert[]
  /** The numbers of what this instance said last of open alerts, as the server holds it; 0 where it has said nothing. */
  readonly said: ReadonlyMap<string, number>
  /** Alerts that would change if they were folded now: somebody is gone. */
  readonly unfolded: readonly string[]
  readonly silent: readonly string[]
  /** Of the alerts that are open here those that a person has said to be over. */
  readonly resolvedByHand: readonly string[]
  /** How often a process of the service took the place of one that had crashed, within 15 minutes. */
  readonly restarts: number
}

/** Three round trips. `ownOpen`: ids of the alerts that this instance has open. */
export async function readPresence(
  client: PublisherClient,
  names: ShardNames,
  service: string,
  instance: string,
  ownOpen: readonly string[] = [],
): Promise<ServicePresence> {
  const [time, listed, alertIds, silent] = await Promise.all([
    client.healthTime(names.meta),
    client.zrevrange(names.instances(service), 0, MOST_INSTANCES - 1, 'WITHSCORES').then(toScores),
    client.smembers(names.openOf(service)),
    client.zrange(names.silent, '0', String(MOST_SILENT - 1)),
  ])
  const now = toMs(time)
  const others = listed.filter(({ name, at }) => name !== instance && at <= now + FURTHEST_AHEAD_MS)
  const elsewhere = ownOpen.filter((id) => !alertIds.includes(id)).slice(0, MOST_ALERTS)
  const [restarts, overlays, messages, alerts] = await Promise.all([
    client.zcount(names.restarts(service), now - RESTARTS_WITHIN_MS, '+inf'),
    Promise.all(elsewhere.map((id) => client.hget(names.alert(id), 'overlay'))),
    Promise.all(others.map(({ name }) => client.getrange(names.status(service, name), 0, MAX_MESSAGE_BYTES))),
    Promise.all(alertIds.slice(0, MOST_ALERTS).map((id) => readAlert(client, names, id))),
  ])
  const scores = new Map(listed.map(({ name, at }) => [name, at]))
  const looked = alerts.map((alert) => lookAt({ own: instance, scores, now, hmacKey: names.hmacKey }, alert))
  return {
    now,
    others: others.map(({ name, at }, i) => toInstance(name, Math.max(now - at, 0), messages[i] || null)),
    open: looked.flatMap(({ open }) => open ?? []),
    said: new Map([
      ...alerts.map(({ id, entries }) => [id, Number(/"n":(\d+)/.exec(entries[instance] ?? '')?.[1] ?? 0)] as const),
      // Not looked at: nothing is known to be lost of them.
      ...alertIds.slice(MOST_ALERTS).map((id) => [id, Infinity] as const),
    ]),
    unfolded: looked.flatMap(({ id, isUnfolded }) => (isUnfolded ? [id] : [])),
    silent: silent.filter(isServiceName),
    resolvedByHand: elsewhere.filter((_id, i) => isFields(parseFields(overlays[i] ?? '')?.['hand'])),
    restarts,
  }
}

interface HeldAlert {
  readonly id: string
  readonly fields: readonly (string | null)[]
  readonly entries: Readonly<Record<string, string>>
}

async function readAlert(client: RedisClient, names: ShardNames, id: string): Promise<HeldAlert> {
  const [fields, entries] = await Promise.all([client.hmget(names.alert(id), 'rev', 'doc', 'fold'), client.hgetall(names.entries(id))])
  return { id, fields, entries }
}

interface Look {
  readonly own: string
  /** The last beat of each instance. */
  readonly scores: ReadonlyMap<string, number>
  readonly now: number
  readonly hmacKey: string | undefined
}

/** What is open, whether it asks for someone who finds it well, and whether it is as the fold would have it. */
function lookAt(
  { own, scores, now, hmacKey }: Look,
  { id, fields, entries: texts }: HeldAlert,
): { readonly id: string; readonly open?: ServiceAlert; readonly isUnfolded: boolean } {
  const [rev = null, document = null, fold] = fields
  const [state, severity, since, episode, scope] = (fold ?? '').split(' ')
  const view = parseAlertDocument(rev, document, hmacKey)
  if (!view || !isAlertState(state) || !isSeverity(severity) || !isOpen({ state })) return { id, isUnfolded: false }
  const entries = Object.entries(texts).flatMap(([name, text]) => parseEntry(name, text, scores.get(name), now) ?? [])
  const before: FoldedAlert = { state, severity, since: Number(since), episode: Number(episode) }
  const { told, gone } = foldAlert({ scope: toScope(scope), before, entries, alive: true, now })
  const { rule, service, labels, message, runbook } = view
  return {
    id,
    isUnfolded: told !== undefined || gone.length > 0 || (view.rule === PROCESS_DOWN && !entries.some((entry) => stands(entry, now))),
    open: {
      ...{ id, rule, service, state, severity, message, value: null },
      ...(labels && { labels }),
      ...(runbook !== undefined && { runbook }),
      episode: view.episode,
      since: Date.parse(view.since),
      asks: !entries.some((entry) => stands(entry, now)),
      ofOthers:
        !entries.some((entry) => entry.instance === own && isActive(entry)) ||
        entries.some((entry) => entry.instance !== own && isActive(entry)),
    },
  }
}

/** An instance that is alive and can tell when it is over. */
function stands({ state, known, seen, keep }: AlertEntry, now: number): boolean {
  return now - seen <= keep && (state === 'recovering' || ((state === 'firing' || state === 'pending') && known))
}

function isActive({ state }: AlertEntry): boolean {
  return state !== 'inactive' && state !== 'resolved'
}

function toScope(scope: string | null | undefined): RuleScope {
  return scope === 'all' || scope === 'shared' ? scope : 'any'
}

function toScores(reply: readonly string[]): { readonly name: string; readonly at: number }[] {
  const scores: { name: string; at: number }[] = []
  for (let i = 0; i + 1 < reply.length; i += 2) scores.push({ name: reply[i]!, at: Number(reply[i + 1]) })
  return scores
}

function toInstance(instance: string, lastBeatAgeMs: number, message: string | null): InstancePresence {
  const fields = message === null || message.length > MAX_MESSAGE_BYTES ? undefined : parseFields(message)
  const { instance_status: status, phase, reasons } = fields ?? {}
  return {
    instance,
    lastBeatAgeMs,
    live: message !== null,
    instanceStatus: isStatus(status) ? status : undefined,
    phase: isPhase(phase) ? phase : undefined,
    ...(isListOf(reasons, isText) && { reasons }),
  }
}
