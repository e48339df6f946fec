/**
 * Messages signed with a key that publishers and readers share (HEALTH_HMAC_KEY), so that whoever can write to Redis, but has no key, can
 * make nobody believe anything. Status, metrics, requests and answers are signed whole. The message of an alert is made inside Redis, which has no key: signed is
 * what the instance has said whose evidence it shows. HMAC-SHA256 (RFC 2104), in hexadecimal digits.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

import type { Fields } from './fields.ts'
import { isFields } from './fields.ts'

/** Why what is written there is not believed: half a sentence. */
export const NOT_SIGNED = 'is not signed with the key of HEALTH_HMAC_KEY'

/** What an instance says of an alert, as it is signed. */
export interface Statement {
  readonly alertId: string
  readonly service: string
  readonly rule: string
  readonly labels: unknown
  readonly instance: string
  readonly state: string
  readonly severity: string
  /** Of the process and of what it says: both rise. */
  readonly start: string
  readonly n: number
  readonly message: string
  readonly runbook: unknown
  readonly value: unknown
}

function hmacOf(key: string, kind: string, text: string): string {
  return createHmac('sha256', key).update(`${kind}\n${text}`).digest('hex')
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

/** What is signed whole: one of a kind is none of another. */
type Kind = 'status' | 'metrics' | 'request' | 'answer'

/** The JSON text of an object with one field more, the last: `hmac`, of all that is before it. */
export function signed(key: string, kind: Kind, json: string): string {
  return `${json.slice(0, -1)},"hmac":"${hmacOf(key, kind, json)}"}`
}

const HMAC_AT_THE_END = /,"hmac":"([0-9a-f]{64})"\}$/

export function isSigned(key: string, kind: Kind, json: string): boolean {
  const found = HMAC_AT_THE_END.exec(json)
  return found !== null && isSame(found[1]!, hmacOf(key, kind, `${json.slice(0, found.index)}}`))
}

/** A field of JSON for the message of an alert. */
export function signatureOf(key: string, statement: Statement): string {
  const { instance, state, severity, start, n } = statement
  return `"signature":${JSON.stringify({ instance, state, severity, start, n, hmac: hmacOf(key, 'alert', canonical(statement)) })}`
}

function canonical(statement: Statement): string {
  const { alertId, service, rule, labels, instance, state, severity, start, n, message, runbook, value } = statement
  return JSON.stringify([
    alertId,
    service,
    rule,
    labels ?? null,
    instance,
    state,
    severity,
    start,
    n,
    message,
    runbook ?? null,
    value ?? null,
  ])
}

/** What the fold puts before what an instance had said, once no instance is left that could say it. */
export const NOBODY_ALIVE = 'No instance is alive that could tell whether this goes on: '

/**
 * Whether an instance that has the key has said what the message or document of an alert shows, and that it stands so with it. That nobody is
 * left to say anything (`unknown`), and that a service is silent, is nobody's word: everybody sees it in the keys of presence.
 */
export function isSaid(key: string, fields: Fields, silentRule: string): boolean {
  if (fields['rule'] === silentRule) return true
  const signature = fields['signature']
  if (!isFields(signature)) return false
  const { instance, state, severity, start, n, hmac } = signature
  if (typeof hmac !== 'string' || typeof instance !== 'string' || typeof state !== 'string' || typeof severity !== 'string') return false
  if (typeof start !== 'string' || typeof n !== 'number' || !fitsState(String(fields['state']), state)) return false
  const { alert_id: alertId, service, rule, labels, runbook, value } = fields
  const message = fields['state'] === 'unknown' ? withoutPrefix(fields['message']) : fields['message']
  const statement = { alertId, service, rule, labels, instance, state, severity, start, n, message, runbook, value } as Statement
  return isSame(hmac, hmacOf(key, 'alert', canonical(statement)))
}

function withoutPrefix(message: unknown): unknown {
  return typeof message === 'string' && message.startsWith(NOBODY_ALIVE) ? message.slice(NOBODY_ALIVE.length) : message
}

const SAID: Readonly<Record<string, readonly string[]>> = {
  firing: ['firing', 'unknown', 'recovering'],
  recovering: ['recovering', 'firing'],
  resolved: ['resolved', 'inactive'],
  pending: ['pending'],
}

function fitsState(state: string, said: string): boolean {
  return SAID[state]?.includes(said) ?? state === 'unknown'
}
