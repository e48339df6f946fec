/**
 * What people do about alerts: acknowledge, resolve, silence, and plan maintenance. Every action is recorded with who did it, from where and
 * why, in the same step (`{health}:audit`).
 */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

import { isOpen } from '../judge/alert.ts'
import { matches, parseMatcher } from '../overlays/matcher.ts'
import { ACK_MS } from '../overlays/overlay.ts'
import { checkRepeat, type Repeat } from '../overlays/repeat.ts'
import { encodeSilence, isInForce, nextChange, parseSilence, withWindows, type Silence } from '../overlays/silence.ts'
import { readSnapshot } from '../subscribe/snapshot.ts'
import { parseAlertDocument } from '../wire/alert-document.ts'
import type { AlertView } from '../wire/alert-view.ts'
import { cleanText } from '../wire/clean-text.ts'
import { allShards, type ShardNames } from '../wire/names.ts'
import { overlaysOf } from '../wire/overlays-view.ts'
import { dueSilence, lookAfterSilence } from '../wire/overlay-looks.ts'
import type { RedisClient } from '../wire/redis-client.ts'
import { acting, actKeys, type Act } from '../wire/scripts/alert.ts'
import { signatureOf } from '../wire/signature.ts'
import { ControlConnection, type Audit } from './control-connection.ts'
import { ControlError } from './control-error.ts'

export interface HealthControlOptions {
  /** A connection to the health Redis, of ioredis. It is not closed. */
  readonly client: RedisClient
  /** Over how many services are spread, HEALTH_REDIS_SHARDS. Default 1. */
  readonly shards?: number
  /** With which alerts are signed: HEALTH_HMAC_KEY. */
  readonly hmacKey?: string | undefined
  /** As the services have it, HEALTH_RETENTION_HOURS: how long the stream of alerts reaches back. Default 24. */
  readonly retentionHours?: number
  /** From where it is done, as the record says. Default: the name of this host. */
  readonly from?: string
}

export interface Said {
  /** Who does it. */
  readonly by: string
  readonly why: string
}

export interface AlertActed {
  readonly id: string
  readonly service: string
  readonly rule: string
  readonly state: string
}

export interface SilenceMade {
  readonly id: string
  readonly matcher: string
  /** Epoch milliseconds of its first window. */
  readonly from: number
  readonly until: number
  /** Open alerts that it matches now. */
  readonly matching: number
}

/** A silence, and how it stands. */
export interface SilenceView extends Silence {
  readonly inForce: boolean
  /** Epoch milliseconds. */
  readonly nextChange?: number | undefined
}

/** Something that was done; `at`: ISO 8601. */
export type AuditEntry = Audit & { readonly id: string; readonly at: string }

const MOST_SILENCES = 200
const LONGEST_NAME = 64
const LONGEST_WHY = 500
const DAY_MS = 86_400_000
const EPOCHS = 'control'

/** Methods reject with a ControlError that says in one sentence what cannot be done, or with the server's error. */
export class HealthControl {
  readonly #connection: ControlConnection
  readonly #shards: readonly ShardNames[]
  readonly #options: HealthControlOptions
  readonly #retentionMs: number

  constructor(options: HealthControlOptions) {
    this.#options = options
    this.#connection = new ControlConnection(options.client)
    this.#shards = allShards(options.shards ?? 1, options.hmacKey)
    this.#retentionMs = (options.retentionHours ?? 24) * 3_600_000
  }

  /** All that are open, with what lies over them: `overlaysOf`. */
  async alerts(): Promise<readonly AlertView[]> {
    const { client, shards, hmacKey } = this.#options
    return (await readSnapshot(client, { shards, hmacKey })).alerts
  }

  /** People are not told of it until it gets worse, is over, or the time is up. `forMs` default: 4 h. `id`: its beginning is enough if no other has it. */
  async ack(id: string, { by, why, forMs = ACK_MS }: Said & { readonly forMs?: number }): Promise<AlertActed> {
    if (!(forMs >= 1000 && forMs <= 30 * DAY_MS)) {
      throw new ControlError('asked', `The acknowledgement lasts ${forMs} ms, expected between a second and 30 days.`)
    }
    return this.#act(id, { by, why }, async (names) => `ack ${(await this.#connection.now(names)) + Math.round(forMs)}` as const)
  }

  async unack(id: string, said: Said): Promise<AlertActed> {
    return this.#act(id, said, () => Promise.resolve('unack -' as const))
  }

  /** Says that it is over. If an instance still finds it 15 minutes later, it is open again. */
  async resolve(id: string, said: Said): Promise<AlertActed> {
    return this.#act(id, said, () => Promise.resolve('resolve -' as const))
  }

  /** People are not told of what matches. `from`: epoch milliseconds, default now. */
  async silence(
    matcher: string,
    { by, why, forMs, from }: Said & { readonly forMs: number; readonly from?: number },
  ): Promise<SilenceMade> {
    if (!(forMs >= 1000 && forMs <= 366 * DAY_MS)) {
      throw new ControlError('asked', `The silence lasts ${forMs} ms, expected between a second and 366 days.`)
    }
    return this.#silence(matcher, { by, why }, (now) => {
      const begin = Math.round(from ?? now)
      const end = begin + Math.round(forMs)
      if (end <= now) throw new ControlError('asked', 'The silence is over before it begins: give it a later end.')
      return { windows: [[begin, end]] }
    })
  }

  /** A silence that comes again every week or day. */
  async maintenance(matcher: string, { by, why, ...repeat }: Said & Repeat): Promise<SilenceMade> {
    asked(() => checkRepeat(repeat))
    return this.#silence(matcher, { by, why }, (now) => withWindows({ windows: [], repeat }, now))
  }

  /** Silences and maintenance windows. */
  async silences(): Promise<readonly SilenceView[]> {
    const [names] = this.#shards
    const [now, all] = await Promise.all([this.#connection.nowShown(), this.#options.client.hgetall(names!.silences)])
    return Object.entries(all)
      .flatMap(([id, json]) => parseSilence(id, json) ?? [])
      .map((silence) => ({ ...silence, inForce: isInForce(silence, now), nextChange: nextChange(silence, now) }))
      .toSorted((a, b) => (a.nextChange ?? 0) - (b.nextChange ?? 0))
  }

  /** Ends a silence, or a maintenance window for good. */
  async unsilence(id: string, given: Said): Promise<{ readonly id: string; readonly matcher: string }> {
    const said = checkedSaid(given)
    const silence = only(await this.silences(), id, 'silence')
    const { matcher, match, by, why } = silence
    for (const [i, names] of this.#shards.entries()) {
      const now = await this.#connection.now(names)
      const ended = encodeSilence({ id: silence.id, matcher, match, by, why, windows: [[now - 1, now]] })
      const audit = i === 0 ? this.#audit('unsilence', said, { silence: silence.id, matcher }) : undefined
      await this.#connection.setSilence(names, silence.id, ended, dueSilence(silence.id), audit)
      await this.#lookAfter(names, silence.id, now)
    }
    return { id: silence.id, matcher }
  }

  /** What was done last, the newest first. */
  async audit(count: number = 100): Promise<readonly AuditEntry[]> {
    const read = await Promise.all(this.#shards.map(({ audit }) => this.#options.client.xrevrange(audit, '+', '-', 'COUNT', count)))
    const entries = read.flat().map(([id, fields]): AuditEntry => {
      const pairs = fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ''] as const] : []))
      return { ...Object.fromEntries(pairs), id, at: new Date(Number(id.split('-')[0])).toISOString() }
    })
    // Each shard's entries are in their order: those of one millisecond keep it.
    return entries.toSorted((a, b) => (a.at === b.at ? 0 : a.at < b.at ? 1 : -1)).slice(0, count)
  }

  async #act(given: string, saidAs: Said, actOf: (names: ShardNames) => Promise<Act['act']>): Promise<AlertActed> {
    const said = checkedSaid(saidAs)
    const { names, id } = await this.#find(given)
    const alert = parseAlertDocument('0', await this.#connection.hget(names.alert(id), 'doc'))
    if (!alert)
      throw new ControlError('state', `What Redis keeps of the alert ${id} cannot be read here: bring otel-health to the same version.`)
    const act = await actOf(names)
    const [kind = '', until] = act.split(' ')
    if (kind === 'unack' && !overlaysOf(alert).ack)
      throw new ControlError('state', `The alert ${id} is not acknowledged: there is nothing to take back.`)
    const acts = { act, ...said, ...(kind === 'resolve' && { says: this.#byHand(alert, said) }) }
    const keysAndArguments = [...actKeys(names, id, alert.service), ...acting(names, this.#retentionMs, EPOCHS, acts)]
    const about = { alert: id, service: alert.service, rule: alert.rule, severity: alert.severity }
    const [outcome, , state] = await this.#connection.act(
      names,
      keysAndArguments,
      this.#audit(kind, said, { ...about, ...(kind === 'ack' && { until: new Date(Number(until)).toISOString() }) }),
    )
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

  async #find(given: string): Promise<{ readonly names: ShardNames; readonly id: string }> {
    const lists = await Promise.all(this.#shards.map((names) => this.#connection.zrange(names.open, '0', '-1')))
    const open = lists.flatMap((ids, i) => ids.map((id) => ({ id, names: this.#shards[i]! })))
    return only(open, given, 'open alert')
  }

  async #silence(text: string, saidAs: Said, windowsAt: (now: number) => Pick<Silence, 'windows' | 'repeat'>): Promise<SilenceMade> {
    const said = checkedSaid(saidAs)
    const { text: matcher, match } = asked(() => parseMatcher(text))
    const [first] = this.#shards
    const kept = await this.#options.client.hlen(first!.silences)
    if (kept >= MOST_SILENCES)
      throw new ControlError('state', `There are ${kept} silences, and no room for more: end some that are no longer needed.`)
    const now = await this.#connection.now(first!)
    const id = randomBytes(4).toString('hex')
    const silence: Silence = { id, matcher, match, ...said, ...windowsAt(now) }
    const [[from, until]] = silence.windows as [readonly [number, number]]
    const repeats = silence.repeat && { every: silence.repeat.every, zone: silence.repeat.zone }
    const about = { silence: id, matcher, begins: new Date(from).toISOString(), ends: new Date(until).toISOString(), ...repeats }
    for (const [i, names] of this.#shards.entries()) {
      const audit = i === 0 ? this.#audit(repeats ? 'maintenance' : 'silence', said, about) : undefined
      await this.#connection.setSilence(names, id, encodeSilence(silence), dueSilence(id), audit)
      await this.#lookAfter(names, id, now)
    }
    return { id, matcher, from, until, matching: (await this.alerts()).filter((alert) => matches({ match }, alert)).length }
  }

  async #lookAfter(names: ShardNames, id: string, now: number): Promise<void> {
    await lookAfterSilence(this.#connection, { names, retentionMs: this.#retentionMs, epochs: EPOCHS }, id, now)
  }

  #audit(action: string, { by, why }: Said, about: Audit): Audit {
    return { actor: by, from: cleanText(this.#options.from ?? hostname()), action, why, ...about }
  }
}

/** The only one whose id is, or begins with, what was given. */
function only<T extends { readonly id: string }>(all: readonly T[], given: string, what: string): T {
  const exact = all.find(({ id }) => id === given)
  const found = exact ? [exact] : all.filter(({ id }) => given.length > 0 && id.startsWith(given))
  if (found.length === 1) return found[0]!
  const shown = JSON.stringify(given)
  if (found.length === 0) throw new ControlError('state', `There is no ${what} whose id is ${shown} or begins so.`)
  const ids = found.slice(0, 5).map(({ id }) => id)
  throw new ControlError(
    'asked',
    `${found.length} ids begin with ${shown} (${ids.join(', ')}${found.length > 5 ? ', …' : ''}): give more of it.`,
  )
}

/** Who and why, as everybody will read them. */
function checkedSaid({ by, why }: Said): Said {
  const said = { by: cleanText(by).trim(), why: cleanText(why).trim() }
  if (said.by === '') throw new ControlError('asked', 'Nobody is named who does it, expected a name: it is recorded.')
  if (said.why === '') throw new ControlError('asked', 'There is no reason given, expected a few words for those who read of it later.')
  if (said.by.length > LONGEST_NAME || said.why.length > LONGEST_WHY) {
    throw new ControlError('asked', `Name and reason are too long, expected at most ${LONGEST_NAME} and ${LONGEST_WHY} characters.`)
  }
  return said
}

function asked<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ControlError('asked', error instanceof Error ? error.message : String(error))
  }
}
