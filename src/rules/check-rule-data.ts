/**
 * Whether a rule that came as JSON, or from code without types, has the form of one. What of it can be judged, compile-rule.ts finds out
 * later: that a metric is declared, a unit fits, a limit can be passed.
 */
import { shownValue } from './shown-value.ts'
import type { MetricRef, ReadingData, RuleData } from './rule-data.ts'

type Fields = Readonly<Record<string, unknown>>

interface Form {
  /** What it must be, in the words of the sentence. */
  readonly is: string
  readonly fits: (value: unknown) => boolean
}

const TEXT: Form = { is: 'a text that is not empty', fits: (value) => typeof value === 'string' && value !== '' }
const NUMBER: Form = { is: 'a number', fits: (value) => typeof value === 'number' && Number.isFinite(value) }
const TRUE: Form = { is: 'true', fits: (value) => value === true }
const TIME: Form = { is: 'seconds or a text such as "30s", "5m" or "2h"', fits: (value) => typeof value === 'number' || TEXT.fits(value) }
const LIMIT: Form = { is: 'a number, or one with its unit such as "60 %"', fits: (value) => typeof value === 'number' || TEXT.fits(value) }
const WHERE: Form = {
  is: 'an object from attribute to a text, a list of texts, or { "not": one of these }',
  fits: (value) => isFields(value) && Object.values(value).every((wanted) => isWanted(wanted) || isNotWanted(wanted)),
}
const TEXTS: Form = { is: 'an object from text to text', fits: (value) => isFields(value) && Object.values(value).every(isText) }
const SEVERITY = oneOf(['WARNING', 'CRITICAL'])
const SEVERITIES: Form = {
  is: 'an object from state to WARNING or CRITICAL',
  fits: (value) => isFields(value) && Object.values(value).every((each) => SEVERITY.fits(each)),
}
const METRIC: Form = {
  is: 'the name of a metric, or an object such as { "metric": "http.requests" } with, if not all of its series are meant, where',
  fits: (value) =>
    isFields(value) &&
    TEXT.fits(value['metric']) &&
    Object.keys(value).every((key) => ['metric', 'where', 'definition'].includes(key)) &&
    (value['where'] === undefined || WHERE.fits(value['where'])) &&
    (value['definition'] === undefined || isDefinition(value['definition'])),
}

/** What a reading must have, and what it may have as well. */
interface Shape {
  readonly must: Readonly<Record<string, Form>>
  readonly may?: Readonly<Record<string, Form>>
}

const OVER = { over: TIME }
const SHAPES: Readonly<Record<ReadingData['reading'], Shape>> = {
  rate: { must: { of: METRIC }, may: OVER },
  increase: { must: { of: METRIC }, may: OVER },
  mean: { must: { of: METRIC }, may: OVER },
  quantile: { must: { q: NUMBER, of: METRIC }, may: OVER },
  ratio: { must: { of: METRIC, in: METRIC }, may: OVER },
  level: {
    must: { of: METRIC },
    may: { staleAfter: TIME, called: TEXT, fold: oneOf(['sum', 'max', 'min']) },
  },
  age: { must: { of: METRIC } },
  absent: { must: { of: METRIC }, may: OVER },
  state: { must: { of: METRIC, attribute: TEXT }, may: { messages: TEXTS, severities: SEVERITIES } },
  burn_rate: { must: { of: METRIC, in: METRIC, objective: NUMBER }, may: { over: TIME, and: TIME } },
  success_rate: {
    must: {
      attempts: METRIC,
      failed: METRIC,
      units: METRIC,
      failedUnits: METRIC,
      wording: texts('rate', 'units', 'unitsInFull'),
    },
  },
  throughput: {
    must: { of: METRIC, owed: METRIC, wording: texts('done', 'unit') },
    may: { staleAfter: TIME, watched: TRUE, left: METRIC },
  },
  slow_calls: { must: { of: METRIC, in: METRIC, called: TEXT } },
}

const RULE_NAME = /^[a-z][a-z0-9_]{0,63}$/
const OPTIONAL: Readonly<Record<string, Form>> = {
  above: LIMIT,
  below: LIMIT,
  critical: LIMIT,
  clear: LIMIT,
  isNot: TEXT,
  severity: SEVERITY,
  for: TIME,
  keepFiring: TIME,
  says: TEXT,
  by: TEXT,
  where: WHERE,
  scope: oneOf(['any', 'all', 'shared']),
  summary: TEXT,
  plain: { is: 'true or false', fits: (value) => typeof value === 'boolean' },
  recover: { is: '"restart"', fits: (value) => value === 'restart' },
  inhibitedBy: {
    is: 'a list of at most 10 names of other rules',
    fits: (value) => Array.isArray(value) && value.length <= 10 && value.every((name) => isText(name) && RULE_NAME.test(name)),
  },
}

/** What a rule as data may say. */
export const RULE_KEYS: readonly string[] = ['name', 'when', ...Object.keys(OPTIONAL), 'runbook']

/** Whether it is a metric as data has it: an object with the name of one. */
export function isMetricRef(value: unknown): value is MetricRef {
  return METRIC.fits(value)
}

/** Throws one sentence if a field is missing, of the wrong type, or of no use to the reading. `name` is checked before. */
export function checkRuleData(data: RuleData): void {
  const { name, when } = data
  const rule = data as unknown as Fields
  const unknown = Object.keys(rule).find((key) => !RULE_KEYS.includes(key))
  if (unknown !== undefined)
    throw new Error(`The rule ${name} has ${told(unknown)}, which no rule knows: it may have ${RULE_KEYS.join(', ')}.`)
  checkFields(`rule ${name}`, rule, {}, OPTIONAL, '')
  checkReading(`rule ${name}`, when, 'when')
  if (rule['isNot'] !== undefined && when.reading !== 'state') {
    throw new Error(
      `The rule ${name} has isNot, which is of use to a state only: say with above or below when a ${when.reading} is too much or too little.`,
    )
  }
  if (rule['plain'] !== undefined && !STATISTICAL.includes(when.reading)) {
    throw new Error(
      `The rule ${name} has plain, which is of use to ${STATISTICAL.join(', ')} only: a ${when.reading} is compared with its limit as it is anyway.`,
    )
  }
  if (rule['severity'] !== undefined && when.reading !== 'state' && when.reading !== 'absent') {
    throw new Error(
      `The rule ${name} has a severity, which is of use to state and absent only: beyond above or below it is a WARNING, beyond critical it is CRITICAL.`,
    )
  }
}

/** Readings that look for more than luck unless they are to be plain. */
const STATISTICAL: readonly string[] = ['ratio', 'success_rate', 'slow_calls', 'throughput'] satisfies readonly ReadingData['reading'][]

/** Throws one sentence if a field is missing, of the wrong type, or of no use to the reading. `whose`: "rule slow_calls"; `field`: where it has its reading. */
export function checkReading(whose: string, when: ReadingData, field: 'when' | 'of'): void {
  if (!isFields(when)) {
    throw new Error(
      `${field} of the ${whose} is ${told(when)}, expected a reading, such as { "reading": "rate", "of": { "metric": "http.requests" } }.`,
    )
  }
  const { reading } = when as { readonly reading: unknown }
  if (typeof reading !== 'string' || !Object.hasOwn(SHAPES, reading)) {
    throw new Error(`${field}.reading of the ${whose} is ${told(reading)}, expected one of ${Object.keys(SHAPES).join(', ')}.`)
  }
  const { must, may = {} } = SHAPES[when.reading]
  const fields = when as unknown as Fields
  checkFields(whose, fields, must, may, `${field}.`)
  const known = [...Object.keys(must), ...Object.keys(may)]
  const unknown = Object.keys(fields).find((each) => each !== 'reading' && !known.includes(each))
  if (unknown !== undefined) {
    throw new Error(`${field} of the ${whose} has ${told(unknown)}, which a ${reading} does not know: it has ${known.join(', ')}.`)
  }
}

function checkFields(
  whose: string,
  fields: Fields,
  must: Readonly<Record<string, Form>>,
  may: Readonly<Record<string, Form>>,
  path: string,
): void {
  for (const [field, form] of Object.entries({ ...must, ...may })) {
    const value = fields[field]
    if (form.fits(value) || (value === undefined && !Object.hasOwn(must, field))) continue
    throw new Error(`${path}${field} of the ${whose} is ${told(value)}, expected ${form.is}.`)
  }
}

function told(value: unknown): string {
  return value === undefined ? 'missing' : shownValue(value)
}

function oneOf(values: readonly string[]): Form {
  return { is: values.join(' or '), fits: (value) => values.includes(value as string) }
}

function texts(...names: readonly string[]): Form {
  return {
    is: `an object of texts with ${names.join(', ')}`,
    fits: (value) => TEXTS.fits(value) && names.every((name) => Object.hasOwn(value as Fields, name)),
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isWanted(wanted: unknown): boolean {
  return isText(wanted) || (Array.isArray(wanted) && wanted.length > 0 && wanted.every(isText))
}

function isNotWanted(wanted: unknown): boolean {
  return isFields(wanted) && Object.keys(wanted).length === 1 && isWanted(wanted['not'])
}

function isDefinition(value: unknown): boolean {
  if (!isFields(value)) return false
  const { name, instrument, unit, attributes, bounds } = value
  return (
    TEXT.fits(name) &&
    ['counter', 'histogram', 'observable_gauge', 'observable_up_down_counter'].includes(instrument as string) &&
    isText(unit) &&
    isFields(attributes) &&
    Object.values(attributes).every((values) => Array.isArray(values) && values.every(isText)) &&
    (bounds === undefined || (Array.isArray(bounds) && bounds.every(NUMBER.fits)))
  )
}
