/**
 * `node examples/day/main.ts [--all] [--seed N]`: a day of the tracker fetcher, or of all five services, with its faults, in a minute or two.
 * Prints what happens, then holds what otel-health counted and told against the simulators' ledgers and day.yaml or day-of-five.yaml. Ends
 * with 1 if there is any difference.
 */
import { parseArgs } from 'node:util'
import type { DayOfFiveResult } from './five/day.ts'
import type { DayResult } from './day.ts'
import { printFigures, printVerdict } from './print-result.ts'

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, all: { type: 'boolean', default: false } } })
const seed = Number(values.seed)
if (!Number.isSafeInteger(seed) || seed < 0)
  throw new Error(`--seed is ${JSON.stringify(values.seed)}, expected a whole number of at least 0.`)

const startedAt = performance.now()
const say = (line: string): void => console.log(line)
const result = values.all ? await allFive() : await fetcherAlone()
const isGood = printVerdict(seed, result, (performance.now() - startedAt) / 1000)
process.send?.(result)
if (process.connected) process.disconnect?.()
process.exitCode = isGood ? 0 : 1

async function fetcherAlone(): Promise<DayResult> {
  const { runDay } = await import('./day.ts')
  const { readTimeline } = await import('./timeline.ts')
  const day = await runDay({ seed, timeline: readTimeline(new URL('../day.yaml', import.meta.url)), say })
  printFigures(day.figures)
  const { leased, attempted, skipped, released } = day.service
  console.log(
    `\nleased ${leased} = attempted ${attempted} + skipped ${skipped} + released ${released}; ${day.probes} probes of our own, counted apart`,
  )
  return day
}

/** Loaded only when asked for: each day takes the process's fetch and Redis clients for itself. */
async function allFive(): Promise<DayOfFiveResult> {
  const { runDayOfFive } = await import('./five/day.ts')
  const { readTimelineOfFive } = await import('./five/steps.ts')
  const day = await runDayOfFive({ seed, timeline: readTimelineOfFive(new URL('../day-of-five.yaml', import.meta.url)), say })
  printFigures(day.figures)
  console.log(`\n${day.probes} probes of our own, counted apart`)
  return day
}
