import { expect, test } from 'vitest'

import { trackerFetcherJudging } from '../../src/kinds/tracker-fetcher/judging.ts'
import { profileOf } from '../../src/rules/service-kind.ts'
import { AIMS, type Aim } from '../../src/simulate/aims.ts'
import { measured } from '../../src/simulate/measure.ts'
import { changing, independent } from '../../src/simulate/process.ts'
import { tableOf } from '../../src/simulate/table.ts'

const LIMITS = {
  ...{ largeQueue: 10_000, veryLargeQueue: 50_000, minSuccessRateHealthy: 80, minSuccessRateDegraded: 50 },
  ...{ minFetchRate: 10, maxApiResponseTimeMs: 10_000 },
}
const { rules } = profileOf(trackerFetcherJudging, LIMITS)
const ruleOf = ({ rule }: Aim) => rules.find(({ name }) => name === rule)!

const quiet: Aim = { kind: 'quiet', name: 'fine', rule: 'low_success_rate', works: [{ rate: 4 }], bad: () => independent(0.03), most: 0.2 }
const failing: Aim = { ...quiet, name: 'failing', bad: () => changing(independent(0.03), 29 * 86_400, 1) }
const found: Aim = {
  ...{ kind: 'fault', name: 'outage', rule: 'low_success_rate', work: { rate: 300 }, before: independent(0.03), after: 1 },
  ...{ median: 10, p90: 15 },
}
const late: Aim = { ...found, name: 'too late', median: 0.1 }
const never: Aim = { ...found, name: 'no fault', after: 0.03, note: 'it is none' }

test.for([
  {
    why: 'what is within its limit pages nobody',
    aim: quiet,
    isMet: true,
    line: /^ {2}ok fine +0\.00 {2}= 0\.00 \(at most 0\.2\), 0 CRITICAL$/m,
  },
  { why: 'what is beyond it does', aim: failing, isMet: false, line: /^MISS failing +[1-9]/m },
  { why: 'a fault is found', aim: found, isMet: true, line: /^ {2}ok outage +\d+\.\d \/ \d+\.\d \(at most 10 \/ 15\)$/m },
  { why: 'one that is found later than it is to be is a miss', aim: late, isMet: false, line: /^MISS too late/m },
  {
    why: 'one that is never found says why, where there is a reason',
    aim: never,
    isMet: false,
    line: /^ {2}-- no fault +never .*: it is none$/m,
  },
])('$why', ({ aim, isMet, line }) => {
  const row = measured(aim, ruleOf(aim), [2])
  expect(row.isMet).toBe(isMet)
  expect(tableOf([row])).toMatch(line)
})

test('every aim is of a rule that can be simulated, and has a name of its own', () => {
  expect(new Set(AIMS.map(({ name }) => name)).size).toBe(AIMS.length)
  expect(AIMS.map(ruleOf)).not.toContain(undefined)
})
