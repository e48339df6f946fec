/** What a target has been told of an alert, and keeps being asked about until it was told the end of it. Pure. */
import type { Severity } from '../types.ts'
import type { AlertView } from '../wire/alert-view.ts'
import { isSeverity } from '../wire/closed-lists.ts'
import { isFields, isListOf, isTextOrAbsent, isTime, parseFields, type Fields } from '../wire/fields.ts'

/** One message of the past. */
export interface Told {
  /** As the message was called: `fired`, `escalated`, … */
  readonly type: string
  readonly severity: Severity
  /** ISO 8601: when it was passed on. */
  readonly at: string
}

export interface ToldRecord {
  /** The memory of the server and the transition that was told last. */
  readonly epoch: string
  readonly rev: number
  readonly service: string
  readonly rule: string
  readonly severity: Severity
  /** Oldest first; the newest few. */
  readonly told: readonly Told[]
  /** Of an Alertmanager: what it has been sent of this alert, as it has been sent. */
  readonly sets?: readonly PostableAlert[]
}

/** An alert as Alertmanager's API v2 takes it. */
export interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  /** Set once it is over; until then it is said anew with every request. */
  readonly endsAt?: string
}

/** What another target was told, by its name. */
export interface ToldElsewhere {
  readonly target: string
  readonly told: readonly Told[]
}

/** Messages that a record keeps. */
const MOST_TOLD = 5
/** Characters of a record that is read: what is longer is none. */
const LONGEST_RECORD = 65_536

/** With one more message. */
export function withTold(
  record: ToldRecord | undefined,
  { epoch, rev, service, rule, severity }: Pick<AlertView, 'rev' | 'service' | 'rule' | 'severity'> & { readonly epoch: string },
  told: Told,
): ToldRecord {
  return { epoch, rev, service, rule, severity, told: [...(record?.told ?? []), told].slice(-MOST_TOLD) }
}

export function decodeTold(json: string | null | undefined): ToldRecord | undefined {
  const fields = typeof json === 'string' && json.length <= LONGEST_RECORD ? parseFields(json) : undefined
  return fields && isToldRecord(fields) ? (fields as unknown as ToldRecord) : undefined
}

function isToldRecord(fields: Fields): boolean {
  const { epoch, rev, service, rule, severity, told, sets } = fields
  return (
    [epoch, service, rule].every((each) => typeof each === 'string') &&
    Number.isSafeInteger(rev) &&
    isSeverity(severity) &&
    isListOf(told, isTold) &&
    (sets === undefined || isListOf(sets, isPostable))
  )
}

function isTold(value: unknown): value is Told {
  return isFields(value) && typeof value['type'] === 'string' && isSeverity(value['severity']) && isTime(value['at'])
}

function isPostable(value: unknown): value is PostableAlert {
  return (
    isFields(value) &&
    isTexts(value['labels']) &&
    isTexts(value['annotations']) &&
    isTime(value['startsAt']) &&
    isTextOrAbsent(value['endsAt'])
  )
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isFields(value) && Object.values(value).every((text) => typeof text === 'string')
}
