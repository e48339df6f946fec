import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { SUPERVISE, withEvidence } from '../../scripts/evidence-table.ts'
import { evidenceIn, FINDINGS, type Observed } from '../../src/supervise/evidence.ts'
import { STATE } from './supervised-run.ts'

const LIMITS = { hangMs: 30_000, maxMemoryBytes: 100e6 }
const WELL: Observed = { said: STATE, silentMs: 500, standing: undefined, isInspected: false, memory: [] }
const recover = [{ rule: 'leaking', message: 'Memory is 900 MB' }]

test('docs/supervise.md has the table that decides', () => {
  const text = readFileSync(SUPERVISE, 'utf8')
  expect(text).toBe(withEvidence(text))
})

describe('evidence', () => {
  test.for([
    { what: 'a process that is well', seen: {}, is: undefined },
    { what: 'silence below the limit', seen: { silentMs: 29_999, standing: 'runs' }, is: undefined },
    { what: 'silence of one that runs', seen: { silentMs: 30_000, standing: 'runs' }, is: 'hang' },
    { what: 'silence of one that a signal holds', seen: { silentMs: 30_000, standing: 'stopped' }, is: 'hang' },
    { what: 'silence of one that a debugger holds', seen: { silentMs: 30_000, standing: 'traced' }, is: undefined },
    { what: 'silence of one that is inspected', seen: { silentMs: 30_000, standing: 'runs', isInspected: true }, is: undefined },
    { what: 'silence of one that has ended', seen: { silentMs: 30_000, standing: 'gone' }, is: undefined },
    { what: 'silence of one that never spoke', seen: { said: undefined, silentMs: 9e9, standing: 'runs' }, is: undefined },
    {
      what: 'silence of one that is paused',
      seen: { said: { ...STATE, phase: 'paused' }, silentMs: 9e9, standing: 'runs' },
      is: undefined,
    },
    { what: 'memory at the limit', seen: { memory: [100e6, 100e6] }, is: undefined },
    { what: 'memory beyond it once', seen: { memory: [100e6, 101e6] }, is: undefined },
    { what: 'memory beyond it twice', seen: { memory: [101e6, 101e6] }, is: 'memory' },
    { what: 'memory of one that never spoke', seen: { said: undefined, memory: [101e6, 101e6] }, is: 'memory' },
    { what: 'memory of one that drains', seen: { said: { ...STATE, phase: 'draining' }, memory: [101e6, 101e6] }, is: undefined },
    { what: 'a rule that is marked', seen: { said: { ...STATE, recover } }, is: 'rule' },
    { what: 'a rule that is marked, of one that starts', seen: { said: { ...STATE, phase: 'starting', recover } }, is: undefined },
    { what: 'a service that is unhealthy for another reason', seen: { said: { ...STATE, status: 'unhealthy' } }, is: undefined },
  ] as const)('$what: $is', ({ seen, is }) => {
    const evidence = evidenceIn({ ...WELL, ...seen }, LIMITS)
    expect(evidence?.is).toBe(is)
    // The table names it as a reason.
    if (evidence) expect(FINDINGS[evidence.is].restarts).toBe(true)
  })

  test('without a limit no memory is too much', () => {
    expect(evidenceIn({ ...WELL, memory: [9e12, 9e12] }, { ...LIMITS, maxMemoryBytes: undefined })).toBeUndefined()
  })
})
