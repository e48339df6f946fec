import { expect, test } from 'vitest'

import { rulesIn } from '../../src/judge/phase-rules.ts'
import { gauge } from '../../src/rules/metric-ref.ts'
import { level } from '../../src/rules/readings.ts'
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
  { phase: 'draining', why: 'nor one that is about to end', verdict: { kind: 'inconclusive', reason: 'paused' } },
])('$phase: $why', ({ phase, verdict }) => {
  const [judged] = rulesIn(phase, [rule])
  expect(judged!.judge(fixedReadings({ levels: { due: 9 } }), undefined)).toMatchObject({ rule: 'large_queue', ...verdict })
  expect(judged).toMatchObject({ name: 'large_queue', scope: 'shared', forSeconds: 60, keepFiringSeconds: 120 })
})
