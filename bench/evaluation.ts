/**
 * What an evaluation of 1,000 rules over 10,000 series costs, of one collection of as many counters of the OTel SDK in the same run: for each
 * mix of rules, while the service is well and while some of it is broken, without a past and with a day of it. `node bench/evaluation.ts
 * ratios` measures the mixes with that in their name.
 */
import { measureEvaluation } from './evaluation-load.ts'
import { MIXES } from './evaluation-mixes.ts'
import { bar } from './rounds.ts'

const LOAD = { series: 10_000, rules: 1000 }
const ROUNDS = 60

for (const mix of MIXES.filter(({ name }) => name.includes(process.argv[2] ?? ''))) {
  for (const hasPast of [false, true]) {
    for (const hasBroken of [false, true]) {
      const costs = await measureEvaluation({ ...LOAD, mix, hasPast, hasBroken }, ROUNDS)
      const { evaluation, sdkCollect, mean, open, conclusive, verdicts } = costs
      const what = `${mix.name}, ${hasBroken ? 'some broken' : 'all well'}, ${hasPast ? 'a day of past' : 'no past'}`
      const found = `${conclusive} of ${verdicts} tell, ${open} open; ${evaluation.toFixed(2)} ms, ${mean.toFixed(2)} on average, the SDK ${sdkCollect.toFixed(2)}`
      bar(`${what} (${found})`, evaluation / sdkCollect, 1, 'at most', 'times')
    }
  }
}
