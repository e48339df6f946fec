/**
 * Each rule as it reads now, as a status message says it: those in breach first, then those that are nearest to one. Nothing else in the
 * message is shortened or left out because of them.
 */
import { maskedText, maskedValue } from '../credentials.ts'
import type { RuleTerms, Verdict } from '../types.ts'
import { shortLabels } from './alert-entry.ts'
import { isLabelsOrAbsent } from './alert-view.ts'
import { shortened, toJson, type Tally } from './bounded-json.ts'
import { isFields, isListOf, isText, isTextOrAbsent } from './fields.ts'
import { LONGEST_NAME, MOST_ENTRIES } from './sizes.ts'

export interface RuleReading {
  readonly rule: string
  /** The value that the rule is split by; left out: it is not. */
  readonly labels?: Readonly<Record<string, string>>
  readonly says: Verdict['kind']
  /** Why it is inconclusive: `starting`, `low_sample`, `no_data` and others. What is known of no figure then is left out. */
  readonly reason?: string
  readonly current?: number | string | null
  readonly threshold?: number | string | null
  readonly unit?: string
  /** On which side of the threshold a breach is; left out by rules about states. */
  readonly side?: 'above' | 'below'
  /** For how long a breach must hold before it fires; left out: not at all. */
  readonly for_seconds?: number
}

/** Rules in one message, and bytes that they take in it. */
const MOST_RULES = 100
const MOST_BYTES = 16 * 1024
/** Of a number that is not whole: what tells a figure from its limit takes no more. */
const DIGITS = 6

/**
 * The fields `rules` and, if not all of them are in it, `rules_left_out`: JSON that begins with a comma, empty where there is no verdict.
 * `room`: bytes that are left in the message. `cut`: texts that were shortened.
 */
export function encodeRules(
  verdicts: readonly Verdict[],
  terms: Readonly<Record<string, RuleTerms>> = {},
  room: number = MOST_BYTES,
): { readonly json: string; readonly cut: number } {
  const tally = { cut: 0 }
  let left = Math.min(room, MOST_BYTES) - `,"rules":[],"rules_left_out":${verdicts.length}`.length
  if (verdicts.length === 0 || left < 0) return { json: '', cut: 0 }
  const sorted = verdicts.map((verdict) => readingOf(verdict, terms[verdict.rule], tally)).toSorted((a, b) => weightOf(a) - weightOf(b))
  const texts: string[] = []
  for (const reading of sorted.slice(0, MOST_RULES)) {
    const text = toJson(reading)
    left -= Buffer.byteLength(text) + 1
    if (left < 0) break
    texts.push(text)
  }
  const leftOut = verdicts.length - texts.length
  const counted = leftOut > 0 ? `,"rules_left_out":${leftOut}` : ''
  return { json: `,"rules":[${texts.join(',')}]${counted}`, cut: tally.cut }
}

function readingOf(verdict: Verdict, terms: RuleTerms | undefined, tally: Tally): RuleReading {
  const { kind: says, labels } = verdict
  const rule = shortened(verdict.rule, LONGEST_NAME, tally)
  const which = { rule, ...(labels && { labels: maskedLabels(shortLabels(labels, tally)) }), says }
  const lasting = terms && terms.forSeconds > 0 ? { for_seconds: terms.forSeconds } : {}
  if (verdict.kind === 'inconclusive') return { ...which, reason: verdict.reason, ...lasting }
  const { current, threshold, unit } = verdict.value
  return {
    ...which,
    current: figure(current, tally),
    threshold: figure(threshold, tally),
    ...(unit !== '' && { unit: shortened(maskedText(unit), LONGEST_NAME, tally) }),
    ...(terms?.breach && { side: terms.breach }),
    ...lasting,
  }
}

function maskedLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, maskedValue(value)]))
}

function figure(value: number | string | null, tally: Tally): number | string | null {
  if (typeof value === 'string') return shortened(maskedValue(value), LONGEST_NAME, tally)
  return value === null || Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS))
}

/** The lightest comes first: in breach, near to a breach, not known, and at last what is well and has no distance from anything. */
function weightOf(reading: RuleReading): number {
  if (reading.says === 'breach') return -Infinity
  if (reading.says === 'inconclusive') return 1e9
  return distanceToBreach(reading) ?? 2e9
}

/**
 * How far a reading is from its threshold, as a part of the threshold: 0 at it, negative beyond it. `undefined` where either of them is no
 * number. A reading beyond it may be ok all the same: of few pieces of work nothing is certain.
 */
export function distanceToBreach({
  says,
  current,
  threshold,
  side,
}: Pick<RuleReading, 'says' | 'current' | 'threshold' | 'side'>): number | undefined {
  if (typeof current !== 'number' || typeof threshold !== 'number') return undefined
  const part = (current - threshold) / (Math.abs(threshold) || 1)
  if (side) return side === 'above' ? 0 - part : part
  return says === 'breach' ? 0 - Math.abs(part) : Math.abs(part)
}

/** `undefined` for what is no list of them: anybody may publish. */
export function toRuleReadings(value: unknown): readonly RuleReading[] | undefined {
  return isListOf(value, isRuleReading) && value.length <= MOST_ENTRIES ? value : undefined
}

function isRuleReading(value: unknown): value is RuleReading {
  return (
    isFields(value) &&
    isText(value['rule']) &&
    isLabelsOrAbsent(value['labels']) &&
    (value['says'] === 'ok' || value['says'] === 'breach' || value['says'] === 'inconclusive') &&
    isTextOrAbsent(value['reason']) &&
    isFigureOrAbsent(value['current']) &&
    isFigureOrAbsent(value['threshold']) &&
    isTextOrAbsent(value['unit']) &&
    (value['side'] === undefined || value['side'] === 'above' || value['side'] === 'below') &&
    (value['for_seconds'] === undefined || typeof value['for_seconds'] === 'number')
  )
}

function isFigureOrAbsent(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string' || typeof value === 'number'
}
