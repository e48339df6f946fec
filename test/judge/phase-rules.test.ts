import { expect, test } from 'vitest'

import { levelRule } from '../../src/judge/level-rule.ts'
import { rulesIn } from '../../src/judge/phase-rules.ts'
import type { Phase } from '../../src/types.ts'
import { fixedReadings } from './fixed-readings.ts'

const rule = levelRule({
  name: 'large_queue',
  selector: 'due',
  warning: 1,
  critical: 2,
  unit: 'items',
  describe: String,
  forSeconds: 60,
  keepFiringSeconds: 120,
})

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
