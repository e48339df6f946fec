import { expect, test } from 'vitest'

import { pausable, type PausableFacts } from '../../src/zero-code/pausable.ts'

interface Row {
  readonly why: string
  readonly sources: readonly string[]
  readonly covered?: readonly string[]
  readonly ofThreads?: readonly string[]
  readonly hasHook?: boolean
  readonly any: boolean
  readonly goesOn: readonly string[]
}

test.for<Row>([
  { why: 'a worker that waits', sources: ['queue mails'], covered: ['queue mails'], any: true, goesOn: [] },
  { why: 'a worker of a library that has no pause', sources: ['queue mails'], any: false, goesOn: ['queue mails'] },
  { why: 'one of each', sources: ['queue mails', 'queue calls'], covered: ['queue calls'], any: true, goesOn: ['queue mails'] },
  { why: 'a function whose work nothing holds', sources: ['./a.js work'], any: false, goesOn: ['./a.js work'] },
  { why: 'a function whose work another brings, which waits', sources: ['./a.js work'], covered: ['./a.js take'], any: true, goesOn: [] },
  {
    why: 'a function beside a worker that waits',
    sources: ['queue mails', './a.js work'],
    covered: ['queue mails'],
    any: true,
    goesOn: ['./a.js work'],
  },
  {
    why: 'a worker in a thread, where nobody holds it',
    sources: ['queue mails'],
    covered: ['queue mails'],
    ofThreads: ['queue mails'],
    any: true,
    goesOn: ['queue mails'],
  },
  { why: 'a hook, which is trusted', sources: ['queue mails', './a.js work'], hasHook: true, any: true, goesOn: [] },
  { why: 'nothing at all', sources: [], any: false, goesOn: [] },
])('of $why', ({ sources, covered = [], ofThreads = [], hasHook = false, any, goesOn }) => {
  const facts: PausableFacts = { sources: new Set(sources), covered: new Set(covered), ofThreads: new Set(ofThreads), hasHook }
  expect(pausable(facts)).toEqual({ any, goesOn })
})
