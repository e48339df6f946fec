import { expect, test } from 'vitest'

import { rulesIn } from '../../src/judge/phase-rules.ts'
import { counter, gauge } from '../../src/rules/metric-ref.ts'
import { absent, age, increase, level, rate, type Reading } from '../../src/rules/readings.ts'
import { rule as sentence } from '../../src/rules/rule.ts'
import type { Phase } from '../../src/types.ts'
import { compiled } from '../rules/compiled.ts'
import { fixedReadings } from '../rules/fixed-readings.ts'

const rule = compiled(
  sentence('large_queue')
    .when(level(gauge('due')))
    .above(1)
    .critical(2)
    .scope('shared'),
)

test.for<{ phase: Phase; why: string; verdict: object }>([
  { phase: 'running', why: 'a service at work is judged', verdict: { kind: 'breach', severity: 'CRITICAL' } },
  { phase: 'starting', why: 'one that has not begun is not', verdict: { kind: 'inconclusive', reason: 'starting' } },
  { phase: 'paused', why: 'nor one that rests', verdict: { kind: 'inconclusive', reason: 'paused' } },
  { phase: 'draining', why: 'nor one that ends, by what others share with it', verdict: { kind: 'inconclusive', reason: 'paused' } },
])('$phase: $why', ({ phase, verdict }) => {
  const [judged] = rulesIn(phase, [rule])
  expect(judged!.judge(fixedReadings({ levels: { due: 9 } }), undefined)).toMatchObject({ rule: 'large_queue', ...verdict })
  expect(judged).toMatchObject({ name: 'large_queue', scope: 'shared', forSeconds: 60, keepFiringSeconds: 120 })
})

const DONE = counter('done')

test.for<{ why: string; reading: Reading; breach: 'above' | 'below' | 'absent'; isJudged: boolean }>([
  { why: 'a level of its own', reading: level(gauge('due')), breach: 'above', isJudged: true },
  { why: 'a level that is too low', reading: level(gauge('due')), breach: 'below', isJudged: true },
  { why: 'a rate that is too high, as of failures', reading: rate(DONE), breach: 'above', isJudged: true },
  { why: 'a rate that is too low', reading: rate(DONE), breach: 'below', isJudged: false },
  { why: 'a count that is too low', reading: increase(DONE), breach: 'below', isJudged: false },
  { why: 'a count that is too high', reading: increase(DONE), breach: 'above', isJudged: true },
  { why: 'how long ago anything was done', reading: age(DONE), breach: 'above', isJudged: false },
  { why: 'that nothing is done', reading: absent(DONE), breach: 'absent', isJudged: false },
])('of one that is draining $why is judged: $isJudged', ({ reading, breach, isJudged }) => {
  const begun = sentence('own').when(reading)
  const own = compiled(breach === 'absent' ? begun.as('WARNING') : breach === 'above' ? begun.above(1) : begun.below(1))
  const [judged] = rulesIn('draining', [own])
  expect(judged === own).toBe(isJudged)
})
