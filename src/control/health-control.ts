/**
 * What people do about alerts: acknowledge, resolve, note, silence, plan maintenance, and forget services that are gone for good; and what they
 * ask of services. Every action is recorded with who did it, from where and why, in the same step (`{health}:audit`).
 */
import { hostname } from 'node:os'

import { isOpen } from '../judge/alert.ts'
import { matches } from '../overlays/matcher.ts'
import { ACK_MS } from '../overlays/overlay.ts'
import type { Repeat } from '../overlays/repeat.ts'
import { readSnapshot } from '../subscribe/snapshot.ts'
import { parseAlertDocument } from '../wire/alert-document.ts'
import type { AlertView } from '../wire/alert-view.ts'
import type { ControlAction } from '../wire/control-request.ts'
import { allShards, isServiceName, shardOf, type ShardNames } from '../wire/names.ts'
import { overlaysOf } from '../wire/overlays-view.ts'
import type { RedisClient } from '../wire/redis-client.ts'
import { acting, actKeys, type Act } from '../wire/scripts/alert.ts'
import { signatureOf } from '../wire/signature.ts'
import { auditOf, readAudit, type Audit, type AuditEntry } from './audit.ts'
import { onlyById } from './by-id.ts'
import { ControlConnection } from './control-connection.ts'
import { ControlError } from './control-error.ts'
import { forgetService } from './forget-service.ts'
import type { DesiredView, RequestView } from './request-view.ts'
import { Requests, type RequestTimes, type Whom } from './requests.ts'
import { checkedSaid, cleanFrom, type Said } from './said.ts'
import { Silences, type SilenceChanged, type SilenceMade, type SilenceView } from './silences.ts'

export interface HealthControlOptions {
  /** A connection to the health Redis, of ioredis. It is not closed. */
  readonly client: RedisClient
  /** Over how many services are spread, HEALTH_REDIS_SHARDS. Default 1. */
  readonly shards?: number
  /** With which alerts and requests are signed: HEALTH_HMAC_KEY. */
  readonly hmacKey?: string | undefined
  /** As the services have it, HEALTH_RETENTION_HOURS: how long the stream of alerts reaches back. Default 24. */
  readonly retentionHours?: number
  /** From where it is done, as the record says where a call does not say it. Default: the name of this host. */
  readonly from?: string
}

export interface AlertActed {
  readonly id: string
  readonly service: string
  readonly rule: string
  readonly state: string
}

const DAY_MS = 86_400_000
const LONGEST_ID = 128
const EPOCHS = 'control'

/** An alert, and the shard that it is in. */
interface Found {
  readonly names: ShardNames
  readonly alert: AlertView
}

/** Methods reject with a ControlError that says in one sentence what cannot be done, or with the server's error. */
export class HealthControl {
  readonly #connection: ControlConnection
  readonly #shards: readonly ShardNames[]
  readonly #options: HealthControlOptions
  readonly #retentionMs: number
  readonly #silences: Silences
  readonly #requests: Requests

  constructor(options: HealthControlOptions) {
    this.#options = options
    this.#connection = new ControlConnection(options.client)
    this.#shards = allShards(options.shards ?? 1, options.hmacKey)
    this.#retentionMs = (options.retentionHours ?? 24) * 3_600_000
    this.#silences = new Silences({
      ...{ connection: this.#connection, shards: this.#shards, retentionMs: this.#retentionMs, epochs: EPOCHS },
      audit: (action, said, about) => this.#audit(action, said, about),
    })
    this.#requests = new Requests({
      connection: this.#connection,
      namesOf: (service) => shardOf(service, options.shards ?? 1, options.hmacKey),
      audit: (action, said, about) => this.#audit(action, said, about),
    })
  }

  /** All that are open, with what lies over them: `overlaysOf`. */
  async alerts(): Promise<readonly AlertView[]> {
    const { client, shards, hmacKey } = this.#options
    return (await readSnapshot(client, { shards, hmacKey })).alerts
  }

  /** People are not told of it until it gets worse, is over, or the time is up. `forMs` default: 4 h. `id`: its beginning is enough if no other has it. */
  async ack(id: string, { forMs = ACK_MS, ...said }: Said & { readonly forMs?: number }): Promise<AlertActed> {
    if (!(forMs >= 1000 && forMs <= 30 * DAY_MS)) {
      throw new ControlError('asked', `The acknowledgement lasts ${forMs} ms, expected between a second and 30 days.`)
    }
    return this.#act(id, said, async (names) => `ack ${(await this.#connection.now(names)) + Math.round(forMs)}` as const)
  }

  async unack(id: string, said: Said): Promise<AlertActed> {
    return this.#act(id, said, () => Promise.resolve('unack -' as const))
  }

  /** Says that it is over. If an instance still finds it 15 minutes later, it is open again. */
  async resolve(id: string, said: Said): Promise<AlertActed> {
    return this.#act(id, said, () => Promise.resolve('resolve -' as const))
  }

  /** Writes something down about an alert, and changes nothing. It may be over; its whole id is needed then. */
  async note(id: string, saidAs: Said): Promise<AlertActed> {
    const said = checkedSaid(saidAs)
    const { names, alert } = (await this.#findKept(id)) ?? (await this.#find(id))
    await this.#connection.record(names, this.#audit('note', said, aboutOf(alert)))
    return { id: alert.alert_id, service: alert.service, rule: alert.rule, state: alert.state }
  }

  /** People are not told of what matches. `begin`: epoch milliseconds, default now. */
  async silence(
    matcher: string,
    { forMs, begin, ...said }: Said & { readonly forMs: number; readonly begin?: number },
  ): Promise<SilenceMade> {
    return this.#made(await this.#silences.make(matcher, checkedSaid(said), forMs, begin))
  }

  /**
   * People are not told of this alert until it is over: the silence ends in the step in which the alert resolves, whoever or whatever resolves
   * it, and after 7 days at the latest. It goes on while the alert gets worse.
   */
  async silenceUntilResolved(id: string, saidAs: Said): Promise<SilenceMade> {
    const said = checkedSaid(saidAs)
    const { names, alert } = await this.#find(id)
    if (!isOpen(alert)) throw new ControlError('state', `The alert ${alert.alert_id} is over already.`)
    const { alert_id: alertId, episode } = alert
    return this.#made(await this.#silences.makeUntilOver({ alertId, episode }, names, said, aboutOf(alert)))
  }

  /** A silence that comes again every week or day. */
  async maintenance(matcher: string, { every, forSeconds, zone, ...said }: Said & Repeat): Promise<SilenceMade> {
    return this.#made(await this.#silences.repeat(matcher, checkedSaid(said), { every, forSeconds, zone }))
  }

  /** Silences and maintenance windows. */
  async silences(): Promise<readonly SilenceView[]> {
    return this.#silences.list()
  }

  /** The silence lasts until `forMs` from now at least. A maintenance window cannot be extended. */
  async extend(
    id: string,
    { forMs, ...said }: Said & { readonly forMs: number },
  ): Promise<{ readonly id: string; readonly matcher: string; readonly until: number }> {
    const { id: whole, matcher, until } = await this.#silences.extend(id, checkedSaid(said), forMs)
    return { id: whole, matcher, until }
  }

  /** Ends a silence, or a maintenance window for good. */
  async unsilence(id: string, said: Said): Promise<{ readonly id: string; readonly matcher: string }> {
    const { id: whole, matcher } = await this.#silences.end(id, checkedSaid(said))
    return { id: whole, matcher }
  }

  /** A service that is dead for good leaves the lists at once, with the alerts that nobody can resolve any more. */
  async forget(service: string, saidAs: Said): Promise<void> {
    const said = checkedSaid(saidAs)
    if (!isServiceName(service))
      throw new ControlError('asked', `No service is called ${JSON.stringify(service)}: give a name as status has it.`)
    const record = this.#audit('forget', said, { service })
    const found = await forgetService(this.#connection, {
      ...{ service, actor: said.by, shards: this.#options.shards ?? 1, retentionMs: this.#retentionMs },
      begin: (names) => this.#connection.makeDue(names, service, record),
    })
    if (found === 'alive') throw new ControlError('state', `${service} is alive: stop it first.`)
    if (found === 'unheard of') throw new ControlError('state', `No service named ${service} has been heard of.`)
  }

  /**
   * Asks every instance of a service, or one of them, for something; what becomes of it is in `requests`. A pause ends by itself. Rejects
   * with a ControlError where nobody is there to ask, or allows it.
   */
  async request(action: ControlAction, whom: Whom, { forMs, expiresInMs, ...saidAs }: Said & RequestTimes): Promise<RequestView> {
    const said = checkedSaid(saidAs)
    return this.#requests.ask(action, whom, { ...said, from: said.from ?? this.#from() }, { forMs, expiresInMs })
  }

  /** What was asked of a service, the newest first, and how it stands. `count`: from 1 to 500. */
  async requests(service: string, count: number = 20): Promise<readonly RequestView[]> {
    return this.#requests.list(service, count)
  }

  /** What a service and its instances are to be, as people want it; nothing where they may run. */
  async desired(service: string): Promise<readonly DesiredView[]> {
    return this.#requests.desired(service)
  }

  /** Names of instances that do not run, and that can be started: their supervisors say so. */
  async down(service: string): Promise<readonly string[]> {
    return this.#requests.down(service)
  }

  /** What was done last, the newest first. */
  async audit(count: number = 100): Promise<readonly AuditEntry[]> {
    return readAudit(this.#options.client, this.#shards, count)
  }

  async #act(given: string, saidAs: Said, actOf: (names: ShardNames) => Promise<Act['act']>): Promise<AlertActed> {
    const said = checkedSaid(saidAs)
    const { names, alert } = await this.#find(given)
    const { alert_id: id } = alert
    const act = await actOf(names)
    const [kind = '', until] = act.split(' ')
    if (kind === 'unack' && !overlaysOf(alert).ack)
      throw new ControlError('state', `The alert ${id} is not acknowledged: there is nothing to take back.`)
    const acts = { act, by: said.by, why: said.why, ...(kind === 'resolve' && { says: this.#byHand(alert, said) }) }
    const keysAndArguments = [...actKeys(names, id, alert.service), ...acting(names, this.#retentionMs, EPOCHS, acts)]
    const about = { ...aboutOf(alert), ...(kind === 'ack' && { until: new Date(Number(until)).toISOString() }) }
    const [outcome, , state] = await this.#connection.act(names, keysAndArguments, this.#audit(kind, said, about))
    if (outcome !== '1') throw new ControlError('state', `The alert ${id} is of a newer otel-health: bring this one to the same version.`)
    if (kind !== 'resolve' && !isOpen({ state: state as AlertView['state'] }))
      throw new ControlError('state', `The alert ${id} is over already.`)
    return { id, service: alert.service, rule: alert.rule, state }
  }

  /** What people read of an alert that somebody has resolved: that it was a person is signed, as evidence is. */
  #byHand({ alert_id: alertId, service, rule, labels, severity }: AlertView, { by, why }: Said): string {
    const { hmacKey } = this.#options
    const message = `Resolved by ${by}: ${why}`
    const statement = { alertId, service, rule, labels, instance: by, state: 'resolved', severity, start: '0', n: 0 }
    const signature = hmacKey === undefined ? '' : `,${signatureOf(hmacKey, { ...statement, message, runbook: undefined, value: null })}`
    return `"message":${JSON.stringify(message)},"value":null${signature}`
  }

  /** An open alert. */
  async #find(given: string): Promise<Found> {
    const lists = await Promise.all(this.#shards.map((names) => this.#connection.zrange(names.open, '0', '-1')))
    const open = lists.flatMap((ids, i) => ids.map((id) => ({ id, names: this.#shards[i]! })))
    const { names, id } = onlyById(open, given, 'open alert')
    const alert = parseAlertDocument('0', await this.#connection.hget(names.alert(id), 'doc'))
    if (alert) return { names, alert }
    throw new ControlError('state', `What Redis keeps of the alert ${id} cannot be read here: bring otel-health to the same version.`)
  }

  /** One that was ever open and is still kept, by its whole id. */
  async #findKept(id: string): Promise<Found | undefined> {
    if (id === '' || id.length > LONGEST_ID) return undefined
    const documents = await Promise.all(this.#shards.map((names) => this.#connection.hget(names.alert(id), 'doc')))
    for (const [i, document] of documents.entries()) {
      const alert = parseAlertDocument('0', document)
      if (alert) return { names: this.#shards[i]!, alert }
    }
    return undefined
  }

  async #made({ id, matcher, match, from, until }: SilenceChanged): Promise<SilenceMade> {
    return { id, matcher, from, until, matching: (await this.alerts()).filter((alert) => matches({ match }, alert)).length }
  }

  #audit(action: string, said: Said, about: Audit): Audit {
    return auditOf(action, said, about, this.#from())
  }

  #from(): string {
    return cleanFrom(this.#options.from ?? hostname())
  }
}

function aboutOf({ alert_id: alert, episode, service, rule, severity }: AlertView): Audit {
  return { alert, episode: String(episode), service, rule, severity }
}
