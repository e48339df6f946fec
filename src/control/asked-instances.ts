/** Of whom something can be asked: who is there, and what each allows. */
import { readInstanceLists, readInstances } from '../subscribe/read-instances.ts'
import { asking } from '../subscribe/redis-questions.ts'
import { cleanText } from '../wire/clean-text.ts'
import type { ControlAction } from '../wire/control-request.ts'
import type { ShardNames } from '../wire/names.ts'
import type { RedisClient } from '../wire/redis-client.ts'
import { LONGEST_NAME } from '../wire/sizes.ts'
import type { StatusMessage } from '../wire/status-message.ts'
import { ControlError } from './control-error.ts'

/** Who is there, of a service. */
export interface Present {
  /** Those that run, with what they said last. */
  readonly running: readonly StatusMessage[]
  /** Those that do not, and that a supervisor can start. */
  readonly down: readonly string[]
  /** Whether anything was ever heard of it. */
  readonly heardOf: boolean
  /** Why what an instance says of itself cannot be read: half a sentence, of the first of which it cannot. */
  readonly unreadable?: string
}

/** `now`: epoch milliseconds of the server. */
export async function readPresent(client: RedisClient, names: ShardNames, service: string, now: number): Promise<Present> {
  const ask = asking(client)
  const [[list], down, lastBeat] = await Promise.all([
    readInstanceLists(ask, names, [service], now),
    client.zrangebyscore(names.down(service), now, '+inf'),
    client.zscore(names.services, service),
  ])
  const listed = [...(list?.instances.keys() ?? [])].map((instance) => ({ service, instance }))
  const read = await readInstances(ask, names, listed, now)
  const running = read.flatMap((seen) => (seen?.status && seen.status.phase !== 'stopped' ? [seen.status] : []))
  const problem = read.find((seen) => seen?.problem !== undefined)?.problem ?? list?.problem
  return {
    running,
    down: down.filter((name) => name.length <= LONGEST_NAME),
    heardOf: running.length > 0 || down.length > 0 || lastBeat !== null,
    ...(problem !== undefined && { unreadable: problem }),
  }
}

/** What the supervisor of an instance that does not run can do. */
const FOR_WHAT_IS_DOWN: readonly ControlAction[] = ['start', 'restart', 'stop']

/** What is asked of whom. */
export interface Asking {
  readonly action: ControlAction
  readonly service: string
  /** `null`: all of them. */
  readonly instance: string | null
  /** Whether the request will be signed. */
  readonly isSigned: boolean
}

/**
 * Names of running instances that the action is for; those that are down come to them for what their supervisor can do. Throws a ControlError where it
 * is for nobody: in one sentence why, and how to go on.
 */
export function whoIsAsked(present: Present, { action, service, instance, isSigned }: Asking): readonly string[] {
  const { running, down, heardOf, unreadable } = present
  if (!heardOf) throw new ControlError('state', `No service named ${service} has been heard of.`)
  const isMeant = (name: string) => instance === null || instance === name
  const meant = running.filter((status) => isMeant(status.instance))
  const isDown = down.some(isMeant)
  if (running.length === 0 && !isDown && unreadable !== undefined)
    throw new ControlError('state', `What an instance of ${service} says of itself ${unreadable}: nothing can be asked of it from here.`)
  if (instance !== null && meant.length === 0 && !isDown) throw new ControlError('state', noSuch(present, service, instance))
  const asked = forWhom(action, meant)
  if (isDown && FOR_WHAT_IS_DOWN.includes(action)) return namesOf(asked)
  if (action === 'start' && asked.length === 0) throw new ControlError('state', nothingToStart(meant, service))
  if (asked.length === 0) throw new ControlError('state', `No instance of ${service} is running: there is nothing to ${action}.`)
  if (!asked.some((status) => allowedBy(status).includes(action))) throw new ControlError('state', notAllowed(asked, service, action))
  if (!isSigned && asked.every((status) => 'hmac' in status)) throw new ControlError('state', unsigned(service))
  return namesOf(asked)
}

/** What an instance says that may be asked of it; nothing where it does not say. */
function allowedBy({ control = [] }: StatusMessage): readonly ControlAction[] {
  return control
}

function namesOf(all: readonly StatusMessage[]): readonly string[] {
  return all.map(({ instance }) => instance)
}

/**
 * Those for which it means something. What was stopped where nothing supervises it comes back paused, and a start lets it run; while it is starting it
 * knows better than we do whether it will.
 */
function forWhom(action: ControlAction, meant: readonly StatusMessage[]): readonly StatusMessage[] {
  if (action === 'start') return meant.filter(({ phase }) => phase === 'paused' || phase === 'starting')
  if (action !== 'resume') return meant
  const held = meant.filter(({ phase }) => phase === 'paused' || phase === 'draining')
  // A pause may be so new that no status tells of it.
  return held.length > 0 ? held : meant
}

const MOST_NAMED = 10

function noSuch({ running, down }: Present, service: string, instance: string): string {
  const known = [...namesOf(running), ...down.map(cleanText)]
  const shown = known.length === 0 ? 'none' : known.slice(0, MOST_NAMED).join(', ') + (known.length > MOST_NAMED ? ', …' : '')
  return `No instance of ${service} is called ${JSON.stringify(instance)} (there are: ${shown}).`
}

function unsigned(service: string): string {
  return `${service} signs what it says, and obeys only what is signed: set HEALTH_HMAC_KEY to the key that it has.`
}

function nothingToStart(meant: readonly StatusMessage[], service: string): string {
  return meant.length > 0
    ? `${service} is running: there is nothing to start.`
    : `Nothing of ${service} waits for a start: what is stopped is started by otel-health run, and none of it is there.`
}

function notAllowed(asked: readonly StatusMessage[], service: string, action: ControlAction): string {
  const allowed = [...new Set(asked.flatMap(allowedBy))]
  if (allowed.length === 0) return `${service} allows no control: set control.allow in its health.config.`
  const listed = allowed.length === 1 ? allowed[0]! : `${allowed.slice(0, -1).join(', ')} and ${allowed.at(-1)!}`
  return `${service} allows ${listed} only: to ${action} it, add "${action}" to control.allow in its health.config.`
}
