/**
 * What a person asks of a service: written by one script to `{health}:requests:<service>`, and what becomes of it, written by who was asked
 * to `{health}:answers:<service>`. Both are JSON in the field `d` of a stream entry, signed as a whole where HEALTH_HMAC_KEY is set.
 */
import { toJson } from './bounded-json.ts'
import { cleanText } from './clean-text.ts'
import { parseFields, type Fields } from './fields.ts'
import { isServiceName, toInstanceName } from './names.ts'
import { isSigned, NOT_SIGNED, signed } from './signature.ts'
import { LONGEST_NAME, LONGEST_TEXT } from './sizes.ts'

/** `start` is for what supervises a process, the others are for the process. */
export type ControlAction = 'pause' | 'resume' | 'drain' | 'stop' | 'start' | 'restart'

export const CONTROL_ACTIONS: readonly ControlAction[] = ['pause', 'resume', 'drain', 'stop', 'start', 'restart']

/** Times: epoch milliseconds of the server. */
export interface ControlRequest {
  /** Random; nothing is done twice for one id. */
  readonly id: string
  readonly action: ControlAction
  readonly service: string
  /** `null`: every instance that was there when it was asked. */
  readonly instance: string | null
  readonly actor: string
  /** From where it was asked. */
  readonly from: string
  readonly why: string
  readonly at: number
  /** Who has not begun with it by then never does. */
  readonly expires: number
  /** When a pause ends by itself; `null` for what is no pause. */
  readonly until: number | null
}

/**
 * `accepted` is followed by `done` or `failed`; `refused` is final, also of what came too late, was forged or came again. `ended`: what was
 * done is over by itself, as a pause whose time is up.
 */
export type AnswerState = 'accepted' | 'refused' | 'done' | 'failed' | 'ended'

const ANSWER_STATES: readonly AnswerState[] = ['accepted', 'refused', 'done', 'failed', 'ended']

export interface ControlAnswer {
  /** Id of the request; its place in the stream where what stands there is none that may be carried out. */
  readonly request: string
  /** `null` where the request could not be read. */
  readonly action: ControlAction | null
  readonly service: string
  /** Who was asked; after a restart another process may say how it ended. */
  readonly instance: string
  readonly state: AnswerState
  readonly at: number
  /** One sentence, for people: why it is refused or failed, or what was done. */
  readonly reason?: string
  /** Pieces of work in hand, while it drains. */
  readonly inHand?: number
  /** How old the oldest of them is. */
  readonly oldestSeconds?: number
}

/** What a service, or one instance of it, is to be, whatever it says that it is: kept apart from beats, which never change it. */
export type DesiredState = 'paused' | 'stopped'

/** In the hash `{health}:desired:<service>` by instance, or by `*` for all: the request it comes from, as it was signed. */
export const ALL_INSTANCES = '*'

export function desiredBy(action: ControlAction): DesiredState | 'none' | undefined {
  if (action === 'pause') return 'paused'
  if (action === 'stop' || action === 'drain') return 'stopped'
  return action === 'restart' ? undefined : 'none'
}

/** Milliseconds that a pause may last. */
export const LONGEST_PAUSE_MS = 7 * 86_400_000
/** Milliseconds within which a request may be begun with. */
export const LONGEST_EXPIRY_MS = 3_600_000

/**
 * Who has accepted a request says so again at least this often while it goes on, with what is in hand: after `LOST_AFTER_MS` without a word
 * it counts as failed.
 */
export const SAID_AGAIN_MS = 30_000
export const LOST_AFTER_MS = 180_000

/** A request or an answer is never longer, in characters: its names and its reason are bounded. */
const LONGEST_JSON = 8192

const ID = /^[0-9a-f]{16,64}$/
/** A place in a stream. */
const POSITION = /^\d{1,16}-\d{1,16}$/

export function encodeRequest(request: ControlRequest, hmacKey?: string): string {
  const { id, action, service, instance, actor, from, why, at, expires, until } = request
  return signedAs('request', toJson({ v: 1, id, action, service, instance, actor, from, why, at, expires, until }), hmacKey)
}

/** `why`: why it is none that may be carried out, half a sentence. */
export type ParsedRequest =
  | { readonly request: ControlRequest; readonly why?: undefined }
  | { readonly request?: undefined; readonly why: string }

/** Of a text that anybody may have written. With a key, only what is signed with it is a request. Whether it is too late is not looked at. */
export function parseRequest(text: string, hmacKey?: string): ParsedRequest {
  const fields = fieldsOf(text)
  if (!fields) return { why: 'is no request that this otel-health knows' }
  if (hmacKey !== undefined && !isSigned(hmacKey, 'request', text)) return { why: NOT_SIGNED }
  const { id, action, service, instance, actor, from, why, at, expires, until } = fields
  if (typeof id !== 'string' || !ID.test(id)) return { why: 'has no id' }
  if (!isAction(action)) return { why: 'asks for nothing that this otel-health knows' }
  if (!isServiceName(service) || !(instance === null || isInstance(instance))) return { why: 'names no service or no instance' }
  if (!isShort(actor) || !isShort(from) || typeof why !== 'string' || why.length > LONGEST_TEXT)
    return { why: 'does not say who asks, and why' }
  if (!isEpochMs(at) || !isEpochMs(expires) || expires <= at || expires > at + LONGEST_EXPIRY_MS)
    return { why: 'has no time by which it is to be begun with' }
  if (action === 'pause' ? !(isEpochMs(until) && until > at && until <= at + LONGEST_PAUSE_MS) : until !== null)
    return { why: 'has no end, or one that it must not have' }
  const texts = { actor: cleanText(actor), from: cleanText(from), why: cleanText(why) }
  return { request: { id, action, service, instance, ...texts, at, expires, until: until as number | null } }
}

/** Its reason is cut to what a reader takes. */
export function encodeAnswer(answer: ControlAnswer, hmacKey?: string): string {
  const { request, action, service, instance, state, at, reason, inHand, oldestSeconds } = answer
  const json = toJson({
    ...{ v: 1, request, action, service, instance, state, at },
    ...(reason !== undefined && { reason: cleanText(reason).slice(0, LONGEST_TEXT).toWellFormed() }),
    ...(inHand !== undefined && { in_hand: inHand }),
    ...(oldestSeconds !== undefined && { oldest_seconds: Math.round(oldestSeconds) }),
  })
  return signedAs('answer', json, hmacKey)
}

/** `undefined` for what is none, or, with a key, is not signed with it. */
export function parseAnswer(text: string, hmacKey?: string): ControlAnswer | undefined {
  const fields = fieldsOf(text)
  if (!fields || (hmacKey !== undefined && !isSigned(hmacKey, 'answer', text))) return undefined
  const { request, action, service, instance, state, at, reason, in_hand: inHand, oldest_seconds: oldestSeconds } = fields
  if (typeof request !== 'string' || !(ID.test(request) || POSITION.test(request))) return undefined
  if (!(action === null || isAction(action)) || !isServiceName(service) || !isInstance(instance)) return undefined
  if (!isOneOf(ANSWER_STATES, state) || !isEpochMs(at)) return undefined
  return {
    ...{ request, action, service, instance, state, at },
    ...(typeof reason === 'string' && reason.length <= LONGEST_TEXT && { reason: cleanText(reason) }),
    ...(isCount(inHand) && { inHand }),
    ...(isCount(oldestSeconds) && { oldestSeconds }),
  }
}

function signedAs(kind: 'request' | 'answer', json: string, hmacKey: string | undefined): string {
  return hmacKey === undefined ? json : signed(hmacKey, kind, json)
}

function fieldsOf(text: string): Fields | undefined {
  const fields = text.length <= LONGEST_JSON ? parseFields(text) : undefined
  return fields?.['v'] === 1 ? fields : undefined
}

export function isAction(value: unknown): value is ControlAction {
  return isOneOf(CONTROL_ACTIONS, value)
}

function isOneOf<T>(words: readonly T[], value: unknown): value is T {
  return (words as readonly unknown[]).includes(value)
}

/** `*` stands for all of them, and names none. */
function isInstance(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value !== ALL_INSTANCES && value === toInstanceName(value)
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_NAME
}

function isEpochMs(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 8.64e15
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
