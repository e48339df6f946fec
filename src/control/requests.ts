/** What people ask of services: pause, resume, drain, stop, start and restart, and what becomes of it. */
import { randomBytes } from 'node:crypto'

import {
  ALL_INSTANCES,
  CONTROL_ACTIONS,
  desiredBy,
  encodeRequest,
  isAction,
  LONGEST_EXPIRY_MS,
  LONGEST_PAUSE_MS,
  parseAnswer,
  parseRequest,
  type ControlAction,
  type ControlAnswer,
  type ControlRequest,
} from '../wire/control-request.ts'
import { isServiceName, type ShardNames } from '../wire/names.ts'
import { fieldOf, readDesired } from '../wire/read-requests.ts'
import type { RedisClient } from '../wire/redis-client.ts'
import { INSTANCE_KEPT_MS, MOST_ASKED, MOST_REQUESTS } from '../wire/scripts/request.ts'
import { LONGEST_NAME } from '../wire/sizes.ts'
import { readPresent, whoIsAsked } from './asked-instances.ts'
import type { Audit } from './audit.ts'
import type { ControlConnection } from './control-connection.ts'
import { ControlError } from './control-error.ts'
import { viewOfRequest, type DesiredView, type RequestView } from './request-view.ts'
import type { Said } from './said.ts'

/** Of whom it is asked. */
export interface Whom {
  readonly service: string
  /** Left out: every instance that is there. */
  readonly instance?: string | undefined
}

export interface RequestTimes {
  /** How long a pause lasts, from a second to 7 days; default: an hour. Milliseconds. */
  readonly forMs?: number | undefined
  /** How long it may take until it is begun with, from a second to an hour; default: a minute. Milliseconds. */
  readonly expiresInMs?: number | undefined
}

export interface RequestsOptions {
  readonly connection: ControlConnection
  readonly namesOf: (service: string) => ShardNames
  readonly audit: (action: string, said: Said, about: Audit) => Audit
}

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** The time of the server moves on between the question for it and the request; where it jumps, the request is made once more. */
const MOST_TRIES = 3
/** Answers to the requests that are read; more are not looked at. */
const MOST_ANSWERS = 10_000
/** An answer may seem older than its request where another server took over whose clock is behind. */
const CLOCKS_APART_MS = HOUR_MS

export class Requests {
  readonly #options: RequestsOptions

  constructor(options: RequestsOptions) {
    this.#options = options
  }

  async ask(action: ControlAction, whom: Whom, said: Said & Required<Pick<Said, 'from'>>, times: RequestTimes): Promise<RequestView> {
    const { connection, namesOf } = this.#options
    const { service, instance = null } = checkedWhom(whom)
    const { pauseMs, expiresMs } = checkedTimes(action, times)
    const names = namesOf(service)
    const asking = { action, service, instance }
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const at = await connection.now(names)
      const running = whoIsAsked(await readPresent(connection.client, names, service, at), {
        ...asking,
        isSigned: names.hmacKey !== undefined,
      })
      const request: ControlRequest = {
        ...{ id: randomBytes(16).toString('hex'), action, service, instance },
        ...{ actor: said.by, from: said.from, why: said.why },
        ...{ at, expires: at + expiresMs, until: action === 'pause' ? at + pauseMs : null },
      }
      const [outcome, , ...asked] = await connection.request(names, service, [
        ...[encodeRequest(request, names.hmacKey), String(at), action, instance ?? ALL_INSTANCES, becomesOfDesired(action)],
        ...[JSON.stringify(running), ...Object.entries(this.#recordOf(request, said)).flat()],
      ])
      if (outcome === '1') return viewOfRequest(request, asked, [], at)
      if (outcome === '2') throw new ControlError('state', `No instance of ${service} that could be asked is there any more.`)
    }
    throw new ControlError('state', 'The clock of the health Redis jumps, or it answers too slowly: nothing was asked, try again.')
  }

  /** The newest first. */
  async list(given: string, count: number): Promise<readonly RequestView[]> {
    const { connection, namesOf } = this.#options
    const { service } = checkedWhom({ service: given })
    const names = namesOf(service)
    const wanted = Math.min(Math.max(Math.trunc(count) || 1, 1), MOST_REQUESTS)
    const [now, entries] = await Promise.all([
      connection.nowShown(),
      connection.client.xrevrange(names.requests(service), '+', '-', 'COUNT', wanted),
    ])
    const asked = entries.flatMap(([position, fields]) => {
      const { request } = parseRequest(fieldOf(fields, 'd') ?? '', names.hmacKey)
      return request?.service === service ? [{ position, request, instances: namesIn(fieldOf(fields, 'to')) }] : []
    })
    // The first is the one that was written: what bears its id later is a replay, and nobody obeys it.
    const first = asked.filter(({ request: { id } }, i) => !asked.slice(i + 1).some((older) => older.request.id === id))
    const answers = await this.#answers(names, service, first.at(-1)?.position)
    return first.map(({ request, instances }) => viewOfRequest(request, instances, answers.get(request.id) ?? [], now))
  }

  async desired(given: string): Promise<readonly DesiredView[]> {
    const { connection, namesOf } = this.#options
    const { service } = checkedWhom({ service: given })
    const names = namesOf(service)
    const now = await connection.nowShown()
    const all = await readDesired(connection.client, names, service, now)
    const kept = await Promise.all(all.map(({ instance, request }) => isKept(connection.client, names, { instance, request }, now)))
    return all.filter((_desired, i) => kept[i]).flatMap(({ state, ...desired }) => (state === 'none' ? [] : [{ ...desired, state }]))
  }

  /** Names of instances that do not run, and that a supervisor can start. */
  async down(given: string): Promise<readonly string[]> {
    const { connection, namesOf } = this.#options
    const { service } = checkedWhom({ service: given })
    // By the command that viewers may use.
    const found = await connection.client.zrevrangebyscore(namesOf(service).down(service), '+inf', await connection.nowShown())
    return found.toSorted()
  }

  /** By request, in the order in which they came. `since`: where the oldest of the requests stands. */
  async #answers(names: ShardNames, service: string, since: string | undefined): Promise<ReadonlyMap<string, readonly ControlAnswer[]>> {
    if (since === undefined) return new Map()
    const from = Math.max(Number(since.split('-')[0]) - CLOCKS_APART_MS, 0)
    const entries = await this.#options.connection.client.xrevrange(names.answers(service), '+', String(from), 'COUNT', MOST_ANSWERS)
    const answers = entries.toReversed().flatMap(([position, fields]) => {
      const answer = parseAnswer(fieldOf(fields, 'd') ?? '', names.hmacKey)
      // By the clock of the server, whatever that of the process is.
      return answer ? [{ ...answer, at: Number(position.split('-')[0]) }] : []
    })
    return Map.groupBy(
      answers.filter((answer) => answer.service === service),
      ({ request }) => request,
    )
  }

  #recordOf({ id, action, service, instance, expires, until }: ControlRequest, said: Said): Audit {
    return this.#options.audit(action, said, {
      ...{ request: id, service },
      ...(instance !== null && { instance }),
      expires: new Date(expires).toISOString(),
      ...(until !== null && { until: new Date(until).toISOString() }),
    })
  }
}

function becomesOfDesired(action: ControlAction): 'set' | 'remove' | 'keep' {
  const desired = desiredBy(action)
  if (desired === undefined) return 'keep'
  return desired === 'none' ? 'remove' : 'set'
}

function checkedWhom({ service, instance }: Whom): Whom {
  if (!isServiceName(service))
    throw new ControlError('asked', `No service is called ${JSON.stringify(service)}: give a name as status has it.`)
  if (instance === undefined) return { service }
  if (instance === '' || instance === ALL_INSTANCES || instance.length > LONGEST_NAME)
    throw new ControlError(
      'asked',
      `No instance is called ${JSON.stringify(instance)}: give a name as status has it, or none for all of them.`,
    )
  return { service, instance }
}

function checkedTimes(action: unknown, times: RequestTimes): { readonly pauseMs: number; readonly expiresMs: number } {
  if (!isAction(action))
    throw new ControlError(
      'asked',
      `Nothing is called ${JSON.stringify(action)} that could be asked, expected one of ${CONTROL_ACTIONS.join(', ')}.`,
    )
  const { forMs = HOUR_MS, expiresInMs = MINUTE_MS } = times
  if (times.forMs !== undefined && action !== 'pause')
    throw new ControlError('asked', `A length of ${forMs} ms is given to ${action}, but only a pause has one: leave it out.`)
  if (!(forMs >= 1000 && forMs <= LONGEST_PAUSE_MS))
    throw new ControlError('asked', `The pause lasts ${forMs} ms, expected between a second and 7 days.`)
  if (!(expiresInMs >= 1000 && expiresInMs <= LONGEST_EXPIRY_MS))
    throw new ControlError('asked', `The request expires after ${expiresInMs} ms, expected between a second and an hour.`)
  return { pauseMs: Math.round(forMs), expiresMs: Math.round(expiresInMs) }
}

/** What an instance is to be is forgotten with the instance; the next request that is written takes it away. */
async function isKept(
  client: RedisClient,
  names: ShardNames,
  { instance, request: { service, at } }: Pick<DesiredView, 'instance' | 'request'>,
  now: number,
): Promise<boolean> {
  if (instance === null || at >= now - INSTANCE_KEPT_MS) return true
  const scores = await Promise.all([names.instances(service), names.down(service)].map((key) => client.zscore(key, instance)))
  return scores.some((score) => score !== null)
}

/** Anybody may have written it. */
function namesIn(json: string | undefined): readonly string[] {
  let names: unknown
  try {
    names = JSON.parse(json ?? '')
  } catch {
    return []
  }
  if (!Array.isArray(names)) return []
  return names.filter((name): name is string => typeof name === 'string' && name.length <= LONGEST_NAME).slice(0, MOST_ASKED)
}
