import { expect, test } from 'vitest'

import type { Judgement } from '../../src/judge/judge.ts'
import { judge } from '../../src/judge/judge.ts'
import { judgeChanged } from '../../src/judge/judge-changed.ts'
import { breach, ok } from '../../src/judge/verdicts.ts'
import type { Profile, Readings, Rule } from '../../src/types.ts'

const now = { monotonicMs: 1000, epochMs: 1000 }
const finding = { message: 'm', value: { current: 1, threshold: 0, unit: '1' } }
const input = { readings: {} as Readings, service: 's', alertId: (rule: string) => `id-${rule}`, now }

test('only the rules that read a changed metric are judged; verdicts and alerts of the others stay as they were', () => {
  const judged: string[] = []
  let broken = false
  const rule = (name: string, needs: string[]): Rule => ({
    name,
    needs,
    scope: 'any',
    forSeconds: 0,
    keepFiringSeconds: 60,
    judge() {
      judged.push(name)
      return broken ? breach(name, 'CRITICAL', finding) : ok(name, finding)
    },
  })
  const profile: Profile = {
    name: 'p',
    selectors: { account: { kind: 'state', metric: 'account.status', attribute: 'state' }, due: { kind: 'level', metric: 'queue.size' } },
    rules: [rule('queue', ['due']), rule('account', ['account'])],
  }
  broken = true
  const first: Judgement = judge({ ...input, rules: profile.rules.slice(0, 1), alerts: new Map() })
  broken = false
  const last = { ...first, verdicts: [...first.verdicts, ok('account', finding)] }
  judged.length = 0
  broken = true
  const next = judgeChanged({ ...input, profile, changed: new Set(['account.status']), last })
  expect(judged).toEqual(['account'])
  expect(next.transitions.map(({ type, alert }) => [type, alert.rule])).toEqual([['fired', 'account']])
  expect(next.verdicts.map(({ rule: name, kind }) => [name, kind])).toEqual([
    ['queue', 'breach'],
    ['account', 'breach'],
  ])
  expect([...next.alerts.keys()]).toEqual(['queue', 'account'])
  expect(next.alerts.get('queue')).toBe(last.alerts.get('queue'))
})
