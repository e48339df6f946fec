/** What bench/evaluation.ts measures, with room for a machine that does other things. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import type { Costs } from '../../bench/evaluation-load.ts'
import { MIXES } from '../../bench/evaluation-mixes.ts'

const href = (file: string) => JSON.stringify(new URL(`../../bench/${file}`, import.meta.url).href)
/** In a process of its own: what vitest makes of our files is slower than they are, and the SDK it leaves as it is. */
const measure = (mix: string) => `
  import { measureEvaluation } from ${href('evaluation-load.ts')}
  import { MIXES } from ${href('evaluation-mixes.ts')}
  const mix = MIXES.find(({ name }) => name === ${JSON.stringify(mix)})
  const costs = []
  // Once for the compiler.
  await measureEvaluation({ series: 10_000, rules: 1000, mix, hasPast: true, hasBroken: true }, 30)
  for (const hasPast of [false, true])
    for (const hasBroken of [false, true])
      costs.push({ hasPast, hasBroken, ...(await measureEvaluation({ series: 10_000, rules: 1000, mix, hasPast, hasBroken }, 30)) })
  console.log(JSON.stringify(costs))
`

/** The bar is 1; bench/evaluation.ts says how far it is from that on a machine that does nothing else. */
const ROOM = 1.3

test.for(MIXES)('1,000 rules over 10,000 series, beside a collection of the SDK: $name', async ({ name }) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', measure(name)])
  for (const costs of JSON.parse(stdout) as readonly (Costs & { readonly hasPast: boolean; readonly hasBroken: boolean })[]) {
    const { evaluation, sdkCollect, hasPast, hasBroken, open, conclusive, verdicts } = costs
    const what = `${hasBroken ? 'some broken' : 'all well'}, ${hasPast ? 'a day of past' : 'no past'}`
    console.log(`${name}, ${what}: an evaluation takes ${evaluation.toFixed(2)} ms, a collection of the SDK ${sdkCollect.toFixed(2)} ms`)
    expect(evaluation / sdkCollect).toBeLessThan(ROOM)
    // So that nobody measures rules that do nothing.
    if (hasBroken && hasPast) expect(open).toBeGreaterThan(10)
    if (hasPast) expect(conclusive).toBeGreaterThan(verdicts / 3)
  }
})
