import { expect, test } from 'vitest'

import { judge } from '../../src/judge/judge.ts'
import { rulesByMetric, rulesOn, withNewer } from '../../src/judge/judge-changed.ts'
import { breach, ok } from '../../src/judge/verdicts.ts'
import type { LevelSelector, Readings, Rule, Selector } from '../../src/types.ts'

const now = { monotonicMs: 1000, epochMs: 1000 }
const finding = { message: 'm', value: { current: 1, threshold: 0, unit: '1' } }
const input = { readings: {} as Readings, service: 's', alertId: (rule: string) => `id-${rule}`, now }

let broken = false
const rule = (name: string, needs: readonly Selector[]): Rule => ({
  name,
  summary: '',
  needs,
  scope: 'any',
  forSeconds: 0,
  keepFiringSeconds: 60,
  judge: () => (broken ? breach(name, 'CRITICAL', finding) : ok(name, finding)),
})
const account: Selector = { kind: 'state', metric: 'account.status', attribute: 'state' }
const otherAccount: Selector = { kind: 'state', metric: 'account.status', attribute: 'other' }
const due: LevelSelector = { kind: 'level', metric: 'queue.size' }
const owed: Selector = { kind: 'time_above', level: due, above: 0 }
const profile = {
  rules: [rule('queue', [due, owed]), rule('account', [account, otherAccount]), rule('both', [account, due])],
}

test.for([
  { why: 'a rule is found by each metric it reads directly', changed: ['account.status'], rules: ['account', 'both'] },
  {
    why: 'each rule is judged once, though two of its metrics changed',
    changed: ['account.status', 'queue.size'],
    rules: ['queue', 'account', 'both'],
  },
  { why: 'a metric that no rule reads has nothing judged', changed: ['process.uptime'], rules: [] },
  { why: 'a change of no metric has nothing judged', changed: [], rules: [] },
])('$why', ({ changed, rules }) => {
  expect(rulesOn(new Set(changed), rulesByMetric(profile), profile).map(({ name }) => name)).toEqual(rules)
})

test('verdicts and alerts of rules that were not judged stay as they were, and none of their alerts is taken for removed', () => {
  broken = true
  const first = judge({ ...input, rules: profile.rules.slice(0, 1), alerts: new Map() })
  broken = false
  const last = { ...first, verdicts: [...first.verdicts, ok('account', finding)] }
  broken = true
  const newer = judge({ ...input, rules: profile.rules.slice(1, 2), alerts: last.alerts, partly: true })
  const next = withNewer(last, newer)
  expect(next.transitions.map(({ type, alert }) => [type, alert.rule])).toEqual([['fired', 'account']])
  expect(next.verdicts.map(({ rule: name, kind }) => [name, kind])).toEqual([
    ['queue', 'breach'],
    ['account', 'breach'],
  ])
  expect([...next.alerts.keys()]).toEqual(['queue', 'account'])
  expect(next.alerts.get('queue')).toBe(last.alerts.get('queue'))
})
