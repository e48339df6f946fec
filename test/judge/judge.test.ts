import fc from 'fast-check'
import { expect, test } from 'vitest'

import { judge } from '../../src/judge/judge.ts'
import { breach, inconclusive, ok } from '../../src/judge/verdicts.ts'
import type { Alert, OpenAlert, Rule, Verdict } from '../../src/types.ts'
import { fixedReadings } from '../rules/fixed-readings.ts'

const finding = { message: 'said', value: { current: 1, threshold: 2, unit: 'x' } }
const EPOCH = Date.UTC(2026, 10, 22, 10)

const ruleOf = (name: string, verdict: (open: OpenAlert | undefined) => unknown): Rule => ({
  name,
  scope: 'any',
  forSeconds: 0,
  keepFiringSeconds: 60,
  summary: '',
  needs: [],
  judge: (_, open) => verdict(open) as Verdict,
})

const judged = (rules: readonly Rule[], seconds = 0, alerts: ReadonlyMap<string, Alert> = new Map()) =>
  judge({
    rules,
    readings: fixedReadings({}),
    alerts,
    service: 'service',
    alertId: (rule) => `id of ${rule}`,
    now: { monotonicMs: seconds * 1000, epochMs: EPOCH + seconds * 1000 },
  })

test('every rule has a verdict, in order, and a breach an alert with its id', () => {
  const { verdicts, alerts, transitions } = judged([
    ruleOf('fine', () => ok('fine', finding)),
    ruleOf('bad', () => breach('bad', 'CRITICAL', finding)),
    ruleOf('unsure', () => inconclusive('unsure', 'low_sample')),
  ])
  expect(verdicts.map(({ rule, kind }) => [rule, kind])).toEqual([
    ['fine', 'ok'],
    ['bad', 'breach'],
    ['unsure', 'inconclusive'],
  ])
  expect([...alerts.keys()]).toEqual(['bad'])
  expect(transitions).toMatchObject([
    { type: 'fired', alert: { id: 'id of bad', rule: 'bad', service: 'service', severity: 'CRITICAL', since: EPOCH } },
  ])
})

const hostile = {
  get kind(): string {
    throw undefined
  },
}

test.for([
  {
    why: 'throws',
    verdict: () => {
      throw new Error('no')
    },
  },
  {
    why: 'throws undefined',
    verdict: () => {
      throw undefined
    },
  },
  { why: 'returns nothing', verdict: () => undefined },
  { why: 'returns a promise', verdict: () => Promise.resolve(ok('rule', finding)) },
  { why: 'returns a getter that throws', verdict: () => hostile },
  { why: 'gives a figure that is no number', verdict: () => ok('rule', { ...finding, value: { ...finding.value, current: NaN } }) },
  { why: 'gives an n that is no number', verdict: () => breach('rule', 'CRITICAL', { ...finding, value: { ...finding.value, n: NaN } }) },
  {
    why: 'gives endless failures',
    verdict: () => breach('rule', 'CRITICAL', { ...finding, value: { ...finding.value, failures: Infinity } }),
  },
  { why: 'gives an unknown severity', verdict: () => ({ ...finding, kind: 'breach', severity: 'PANIC' }) },
  { why: 'gives an unknown reason', verdict: () => ({ kind: 'inconclusive', reason: 'mood' }) },
  { why: 'gives no value', verdict: () => ({ kind: 'ok', message: 'fine' }) },
])('a rule that $why is inconclusive, and its open alert stays', ({ verdict }) => {
  const open = judged([ruleOf('rule', () => breach('rule', 'WARNING', finding))]).alerts
  const { verdicts, alerts, transitions, errors } = judged([ruleOf('rule', verdict)], 600, open)
  expect(verdicts).toEqual([{ rule: 'rule', kind: 'inconclusive', reason: 'evaluator_error' }])
  expect(alerts.get('rule')?.state).toBe('firing')
  expect(transitions).toEqual([])
  expect(errors).toHaveLength(1)
})

test('no garbage loses an alert or makes the judge throw', () => {
  fc.assert(
    fc.property(fc.array(fc.anything({ withNullPrototype: true, withBigInt: true })), (answers) => {
      let alerts = judged([ruleOf('rule', () => breach('rule', 'WARNING', finding))]).alerts
      answers.forEach((answer, i) => {
        ;({ alerts } = judged([ruleOf('rule', () => answer)], i + 1, alerts))
        expect(alerts.get('rule')?.state).toBe('firing')
      })
    }),
  )
})

test('a rule is judged with its own alert, and with the time since its all-clear', () => {
  const seen: (OpenAlert | undefined)[] = []
  const words: Verdict[] = [breach('rule', 'WARNING', finding), ok('rule', finding), ok('rule', finding), ok('rule', finding)]
  let alerts: ReadonlyMap<string, Alert> = new Map()
  words.forEach((word, i) => {
    ;({ alerts } = judged(
      [
        ruleOf('rule', (open) => {
          seen.push(open)
          return word
        }),
      ],
      i * 60,
      alerts,
    ))
  })
  expect(seen).toEqual([
    undefined,
    { state: 'firing', severity: 'WARNING' },
    { state: 'recovering', severity: 'WARNING' },
    { state: 'resolved', severity: 'WARNING', sinceClearSeconds: 120 },
  ])
})

test('a name in the verdict that is not the rule does not make an alert of another rule', () => {
  expect(judged([ruleOf('rule', () => breach('other', 'WARNING', finding))]).verdicts).toMatchObject([{ rule: 'rule' }])
})

test('what a rule does to its verdict afterwards reaches nobody', () => {
  const verdict = { kind: 'ok', message: 'fine', value: { ...finding.value } }
  const { verdicts } = judged([ruleOf('rule', () => verdict)])
  verdict.value.current = NaN
  expect(verdicts).toMatchObject([{ value: finding.value }])
})

test('the alert of a rule that is gone resolves', () => {
  const { alerts } = judged([ruleOf('old', () => breach('old', 'WARNING', finding))])
  const after = judged([], 10, alerts)
  expect(after.transitions).toMatchObject([{ type: 'resolved', cause: 'rule_removed', alert: { rule: 'old' } }])
  expect(judged([], 20, after.alerts).transitions).toEqual([])
})
