/**
 * `npm run simulate [-- --seeds 20] [--only <part of a name>]`: how often the rules would page for what is within its limit, and how soon for
 * what is not. Every random number comes from the seeds that are printed.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- of windows; a worker thread has no origin
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

import { KINDS } from '../kinds/index.ts'
import { profileOf } from '../rules/service-kind.ts'
import { AIMS } from './aims.ts'
import { measured, type Measured } from './measure.ts'
import { tableOf } from './table.ts'

/** The defaults. */
const LIMITS = {
  ...{ largeQueue: 10_000, veryLargeQueue: 50_000, minSuccessRateHealthy: 80, minSuccessRateDegraded: 50 },
  ...{ minFetchRate: 10, maxApiResponseTimeMs: 10_000 },
}

if (isMainThread) await run()
else parentPort!.on('message', (place: number) => parentPort!.postMessage([place, measuredAt(place, workerData as readonly number[])]))

function measuredAt(place: number, seeds: readonly number[]): Omit<Measured, 'aim'> {
  const aim = AIMS[place]!
  const kind = KINDS.find((each) => each.rules(LIMITS).some(({ data }) => data.name === aim.rule))!
  const rule = profileOf(kind, LIMITS).rules.find(({ name }) => name === aim.rule)!
  const { figures, isMet } = measured(aim, rule, seeds)
  return { figures, isMet }
}

async function run(): Promise<void> {
  const { values } = parseArgs({ options: { seeds: { type: 'string', default: '20' }, only: { type: 'string', default: '' } } })
  const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1)
  const places = AIMS.flatMap(({ name }, place) => (name.includes(values.only) ? [place] : []))
  const waiting = [...places]
  const rows = new Map<number, Measured>()
  await Promise.all(
    Array.from({ length: Math.min(availableParallelism(), places.length) }, async () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: seeds })
      for (let place = waiting.shift(); place !== undefined; place = waiting.shift()) {
        worker.postMessage(place)
        const [[, figures]] = (await once(worker, 'message')) as [[number, Omit<Measured, 'aim'>]]
        rows.set(place, { aim: AIMS[place]!, ...figures })
        if (process.stderr.isTTY) process.stderr.write('.')
      }
      await worker.terminate()
    }),
  )
  const sorted = places.map((place) => rows.get(place)!)
  console.log(tableOf(sorted))
  console.log(`\nSeeds 1 to ${seeds.length}; a restart every 6 h on average in half of them.`)
  if (sorted.some(({ isMet, aim }) => !isMet && !('note' in aim && aim.note !== undefined))) process.exitCode = 1
}
