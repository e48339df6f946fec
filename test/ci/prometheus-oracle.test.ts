/**
 * Random rules over random services, judged twice: by otel-health itself, and by Prometheus with the file that `otel-health rules` writes.
 * Alerts must be the same at every evaluation. OTEL_HEALTH_ORACLE_CASES (500) and OTEL_HEALTH_ORACLE_SEED, which is printed, say which.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { type BatchOutcome, runBatch } from './oracle/promtool-batch.ts'
import { type OracleCase, randomCase } from './oracle/random-case.ts'
import { stackProgram } from './stack-programs.ts'

const run = promisify(execFile)

const CASES = Number(process.env['OTEL_HEALTH_ORACLE_CASES'] ?? 500)
const SEED = Number(process.env['OTEL_HEALTH_ORACLE_SEED'] ?? Math.floor(Math.random() * 1e9))
/** In one run of promtool, which uses one core: how many there are in it makes no case cheaper. */
const BATCH = 125
const AT_ONCE = 2
/** Seconds between two evaluations: three batches at the one, the fourth at the other, which has room for windows of hours. */
const INTERVALS = [10, 10, 10, 60] as const
/** Milliseconds; it takes a thirtieth of that alone on two cores. */
const PATIENCE_PER_CASE = 1000
/** Of these as many as it takes to find out what the file says otherwise. */
const FEW = 25

test(`${CASES} cases from seed ${SEED} on have the same alerts in both`, { timeout: 60_000 + CASES * PATIENCE_PER_CASE }, async () => {
  const outcomes: BatchOutcome[] = []
  const readings = new Map<string, number>()
  const begins = Array.from({ length: Math.ceil(CASES / BATCH) }, (_, batch) => batch * BATCH)
  const runBatches = async (): Promise<void> => {
    for (let from = begins.shift(); from !== undefined; from = begins.shift()) {
      const cases = casesFrom(SEED + from, Math.min(BATCH, CASES - from), INTERVALS[(from / BATCH) % INTERVALS.length]!)
      for (const { rule } of cases) readings.set(rule.when.reading, (readings.get(rule.when.reading) ?? 0) + 1)
      const outcome = await runBatch(cases)
      expect
        .soft(outcome.different, `Of the cases from seed ${SEED + from} on, every ${cases[0]!.interval} s:\n${outcome.said}`)
        .toEqual([])
      outcomes.push(outcome)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, runBatches))
  const sum = (of: (outcome: BatchOutcome) => number) => outcomes.reduce((all, each) => all + of(each), 0)
  const [compared, fired, ended] = [sum((each) => each.compared), sum((each) => each.fired), sum((each) => each.ended)]
  console.log(
    `seed ${SEED}: ${CASES} cases, ${compared} evaluations compared, ${fired} alerts fired and ${ended} ended; ` +
      [...readings].map(([reading, n]) => `${n} ${reading}`).join(', '),
  )
  // A comparison of nothing with nothing would succeed as well.
  expect(compared).toBeGreaterThan(20 * CASES)
  expect(fired).toBeGreaterThan(CASES / 2)
  expect(ended).toBeGreaterThan(CASES / 4)
})

test('promtool finds nothing to say of the file that is shipped', async () => {
  const file = fileURLToPath(new URL('../../prometheus/rules/services/otel-health-services.yml', import.meta.url))
  const { stdout, stderr } = await run(stackProgram('promtool'), ['check', 'rules', '--lint=all', '--lint-fatal', file])
  expect([stdout, stderr].join('')).toMatch(/SUCCESS: \d+ rules found/)
})

/** What the comparison must find if the file says it otherwise. */
test.for([
  {
    why: 'increase in place of counting to the last event',
    from: /sum_over_time\(\((\S+) - .*?\)\)\[(\w+):\w+\]\)/g,
    to: 'increase($1[$2])',
  },
  { why: 'a counter that begins anew is not told from one that falls', from: / or 0 \* \(.*? unless .*? <= \S+?\)\)\)\[/g, to: '))[' },
  { why: 'a limit is passed when it is met', from: / > (?=[\d.]+$)/gm, to: ' >= ' },
  { why: 'an alert ends at once', from: /keep_firing_for: .*/g, to: 'keep_firing_for: 0s' },
  { why: 'an alert fires at once', from: /for: .*/g, to: 'for: 0s' },
  { why: 'a quantile of few values', from: / and \S+:count >= \d+/g, to: '' },
  { why: 'too little is known before the window was watched', from: / and (?:on \([^)]*\) )?\S+:watched >= [\d.]+/g, to: '' },
])('it finds out: $why', { timeout: 120_000 }, async ({ from, to }) => {
  const different: number[] = []
  for (let seed = 1; seed <= BATCH && different.length === 0; seed += FEW) {
    const outcome = await runBatch(casesFrom(seed, FEW, 10), (rules) => rules.replaceAll(from, to))
    different.push(...outcome.different)
  }
  expect(different).not.toEqual([])
})

function casesFrom(seed: number, number: number, interval: number): readonly OracleCase[] {
  return Array.from({ length: number }, (_, index) => randomCase(seed + index, interval))
}
