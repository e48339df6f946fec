/**
 * `node examples/day/main.ts [--seed N]`: a day of the tracker fetcher with its faults, in less than a minute. Prints what happens, then
 * holds what otel-health counted and told against the simulators' ledger and day.yaml. Ends with 1 if there is any difference.
 */
import { parseArgs } from 'node:util'
import { runDay } from './day.ts'
import { agrees } from './ledger-comparison.ts'
import { clockTime, readTimeline } from './timeline.ts'
import type { ToldAlert } from './told-alerts.ts'

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } })
const seed = Number(values.seed)
if (!Number.isSafeInteger(seed) || seed < 0)
  throw new Error(`--seed is ${JSON.stringify(values.seed)}, expected a whole number of at least 0.`)

const startedAt = performance.now()
const timeline = readTimeline(new URL('../day.yaml', import.meta.url))
const result = await runDay({ seed, timeline, say: (line) => console.log(line) })
const { figures, alerts, told, service, probes, complaints } = result

console.log(`\n${'figure'.padEnd(44)}${['ledger', 'OTLP', 'totals'].map((book) => book.padStart(9)).join('')}`)
for (const figure of figures) {
  const { what, truth, otlp, totals } = figure
  const columns = [truth, otlp, totals ?? ''].map((n) => String(n).padStart(9)).join('')
  console.log(`${what.padEnd(44)}${columns}${agrees(figure) ? '' : '  differs'}`)
}

const { leased, attempted, skipped, released } = service
console.log(
  `\nleased ${leased} = attempted ${attempted} + skipped ${skipped} + released ${released}; ${probes} probes of our own, counted apart`,
)

const shown = ({ atMs, type, rule, severity }: ToldAlert): string => `${clockTime(atMs)} ${type} ${rule} ${severity}`
for (const one of alerts.missing) console.log(`missing     ${shown(one)}`)
for (const one of alerts.unexpected) console.log(`unexpected  ${shown(one)}`)

const differences = figures.filter((figure) => !agrees(figure)).length
const isGood = differences + alerts.missing.length + alerts.unexpected.length + complaints.length === 0
console.log(
  `Seed ${seed}: ${figures.length} figures, ${differences} differ; ${told.length} messages about alerts, ${alerts.unexpected.length} unexpected ` +
    `and ${alerts.missing.length} missing, at most ${alerts.largestDeviationMs / 1000} s off; ${complaints.length} complaints; ` +
    `${((performance.now() - startedAt) / 1000).toFixed(0)} s.`,
)
process.send?.(result)
if (process.connected) process.disconnect?.()
process.exitCode = isGood ? 0 : 1
