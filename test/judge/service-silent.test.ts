import { expect, test } from 'vitest'

import { judgeSilence } from '../../src/judge/service-silent.ts'

test.for([
  { why: 'never heard of is no data', ageSeconds: null, phase: null, expected: { kind: 'inconclusive', reason: 'no_data' } },
  { why: 'two intervals may be a slow network', ageSeconds: 89, phase: 'running' as const, expected: { kind: 'ok' } },
  {
    why: 'three are silence',
    ageSeconds: 90,
    phase: 'running' as const,
    expected: { kind: 'breach', severity: 'CRITICAL', message: 'No instance of geocoding has been heard of for 1.5 min (limit 1.5 min)' },
  },
  { why: 'a beat whose phase is forgotten is still a beat', ageSeconds: 600, phase: null, expected: { kind: 'breach' } },
  { why: 'a service that said it stops may be silent', ageSeconds: 86_400, phase: 'stopped' as const, expected: { kind: 'ok' } },
])('$why', ({ ageSeconds, phase, expected }) => {
  expect(judgeSilence({ service: 'geocoding', ageSeconds, phase, intervalSeconds: 30 })).toMatchObject(expected)
})
