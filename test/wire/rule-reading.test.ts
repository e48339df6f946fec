/** Rules as a status message says them. */
import { expect, test } from 'vitest'

import type { Evidence, RuleTerms, Verdict } from '../../src/types.ts'
import { distanceToBreach, encodeRules, type RuleReading } from '../../src/wire/rule-reading.ts'

const value = (current: Evidence['current'], threshold: Evidence['threshold'] = 100, unit = 's'): Evidence => ({ current, threshold, unit })
const well = (rule: string, of: Evidence): Verdict => ({ rule, kind: 'ok', message: 'well', value: of })
const broken = (rule: string, of: Evidence): Verdict => ({ rule, kind: 'breach', severity: 'WARNING', message: 'broken', value: of })
const unknown = (rule: string): Verdict => ({ rule, kind: 'inconclusive', reason: 'low_sample' })

interface Said {
  readonly rules: readonly RuleReading[]
  readonly rules_left_out?: number
}

function said(verdicts: readonly Verdict[], terms?: Readonly<Record<string, RuleTerms>>, room?: number): Said {
  const { json } = encodeRules(verdicts, terms, room)
  return JSON.parse(`{${json.slice(1)}}`) as Said
}

test('what is in breach comes first, then what is nearest to it, then what is not known, then what has no distance', () => {
  const terms = { near_below: { forSeconds: 0, breach: 'below' }, beyond: { forSeconds: 0, breach: 'above' } } as const
  const verdicts = [
    well('state', value('up', 'up', 'state')),
    unknown('few'),
    well('far', value(5)),
    well('near', value(90)),
    well('near_below', value(105)),
    well('beyond', value(101)),
    broken('broken', value(400)),
  ]
  expect(said(verdicts, terms).rules.map(({ rule }) => rule)).toEqual(['broken', 'beyond', 'near_below', 'near', 'far', 'few', 'state'])
})

test.for<{ why: string; reading: Parameters<typeof distanceToBreach>[0]; is: number | undefined }>([
  { why: 'half of what may be', reading: { says: 'ok', current: 50, threshold: 100, side: 'above' }, is: 0.5 },
  { why: 'at the limit', reading: { says: 'ok', current: 100, threshold: 100, side: 'above' }, is: 0 },
  { why: 'beyond it', reading: { says: 'breach', current: 150, threshold: 100, side: 'above' }, is: -0.5 },
  { why: 'beyond it, though of too little to say so', reading: { says: 'ok', current: 60, threshold: 80, side: 'below' }, is: -0.25 },
  { why: 'no more below it, and not over yet', reading: { says: 'breach', current: 88, threshold: 80, side: 'below' }, is: 0.1 },
  { why: 'a side that nobody names is where the verdict is', reading: { says: 'breach', current: 60, threshold: 80 }, is: -0.25 },
  { why: 'a limit of 0', reading: { says: 'breach', current: 2, threshold: 0, side: 'above' }, is: -2 },
  { why: 'at a limit of 0', reading: { says: 'ok', current: 0, threshold: 0, side: 'above' }, is: 0 },
  { why: 'a limit below 0', reading: { says: 'ok', current: -10, threshold: -5, side: 'above' }, is: 1 },
  { why: 'a state has none', reading: { says: 'ok', current: 'up', threshold: 'up' }, is: undefined },
  { why: 'what is not known has none', reading: { says: 'inconclusive' }, is: undefined },
])('distance to a breach: $why', ({ reading, is }) => {
  expect(distanceToBreach(reading)).toBe(is)
})

test('no more than a hundred are told, the worst, and how many more there are', () => {
  const verdicts = Array.from({ length: 150 }, (_, i) => (i === 149 ? broken('broken', value(400)) : well(`r${i}`, value(i / 10))))
  const { rules, rules_left_out: leftOut } = said(verdicts)
  expect({ count: rules.length, leftOut, first: rules[0]?.rule, second: rules[1]?.rule }).toEqual({
    ...{ count: 100, leftOut: 50, first: 'broken', second: 'r148' },
  })
})

test('no more than fit, and that the others are not there takes room as well', () => {
  const verdicts = Array.from({ length: 20 }, (_, i) => well(`r${i}`, value(i)))
  const whole = encodeRules(verdicts).json
  for (let room = 0; room <= whole.length + 30; room++) {
    const { json } = encodeRules(verdicts, {}, room)
    expect(json.length).toBeLessThanOrEqual(room)
    if (json === '') continue
    const { rules, rules_left_out: leftOut = 0 } = JSON.parse(`{${json.slice(1)}}`) as Said
    expect(rules.length + leftOut).toBe(20)
  }
  expect(encodeRules(verdicts, {}, whole.length + 30).json).toBe(whole)
})

test('names and texts at their longest, of whatever characters, are no more than 16 KB', () => {
  const long = '\u{1F600}\u0085"'.repeat(500)
  const verdicts = Array.from({ length: 100 }, (_, i): Verdict => ({
    ...broken(`${i}${long}`, value(long, long, long)),
    labels: Object.fromEntries(Array.from({ length: 20 }, (_each, n) => [`${n}${long}`, long])),
  }))
  const { json, cut } = encodeRules(verdicts)
  expect(Buffer.byteLength(json)).toBeLessThanOrEqual(16 * 1024)
  expect(json).not.toContain('\u0085')
  expect(cut).toBeGreaterThan(100)
  expect(said(verdicts).rules[0]?.labels).toSatisfy((labels: object) => Object.keys(labels).length === 8)
})

test.for([
  { why: 'whole numbers are exact', current: 12_345_678, is: 12_345_678 },
  { why: 'others have six digits', current: 71.428571428, is: 71.4286 },
  { why: 'what tells a figure from its limit stays', current: 79.97, is: 79.97 },
  { why: 'nothing is not 0', current: null, is: null },
  { why: 'what is no number in JSON is not known', current: Number.NaN, is: null },
])('$why', ({ current, is }) => {
  expect(said([well('r', value(current))]).rules[0]?.current).toBe(is)
})

test('credentials do not leave by it, wherever a service has put them', () => {
  const url = 'redis://ada:hunter2@redis:6379'
  const verdict: Verdict = { ...broken('r', value(url, 'ada:hunter2@redis', url)), labels: { peer: url } }
  const { json } = encodeRules([verdict])
  expect(json).toContain('"peer":"redis://***@redis:6379"')
  expect(json).not.toContain('hunter2')
})

test('where nothing was judged there is nothing to say', () => {
  expect(encodeRules([])).toEqual({ json: '', cut: 0 })
})
