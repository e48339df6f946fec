/** Prometheus is away: the collector's queue on disk keeps what was exported meanwhile, even if the collector itself is killed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'

import { compareWithLedger } from './ledger-in-prometheus.ts'
import { RealStack } from './real-stack.ts'
import { EXPORT_INTERVAL_S, SERVICE, WatchedFetcher } from './watched-fetcher.ts'

const SECOND = 1000
const THIRD_OF_OUTAGE_MS = 20 * SECOND

let stack: RealStack
let fetcher: WatchedFetcher

beforeAll(async () => {
  stack = await RealStack.start()
  fetcher = await WatchedFetcher.start(stack.otlpEndpoint)
})
afterAll(async () => {
  await fetcher?.stop()
  await stack?.stop()
})

test('nothing of the outage is missing, and the counters end exactly at the ledger', { timeout: 300 * SECOND }, async () => {
  onTestFailed(() => console.error(stack.log))
  await expect
    .poll(async () => (await stack.query('sum(tracker_fetcher_fetch_attempts_total)'))[0]?.value ?? 0, { timeout: 30 * SECOND })
    .toBeGreaterThan(0)

  await stack.stopPrometheus()
  const from = Date.now() / SECOND
  await fetcher.switchOn('http.500', { every_n: 5 })
  await fetcher.switchOn('empty_body', { every_n: 7 })
  await sleep(THIRD_OF_OUTAGE_MS)
  await stack.stopCollector('SIGKILL')
  await stack.startCollector()
  await sleep(THIRD_OF_OUTAGE_MS)
  await stack.stopCollector('SIGTERM')
  await stack.startCollector()
  await sleep(THIRD_OF_OUTAGE_MS)
  const to = Date.now() / SECOND
  await stack.startPrometheus()

  // The queue is delivered oldest first: once something of later has arrived, all of the outage has.
  const last = async () => (await heartbeats()).at(-1)
  await expect.poll(last, { timeout: 60 * SECOND }).toBeGreaterThan(to + EXPORT_INTERVAL_S)
  const during = (await heartbeats()).filter((at) => at > from - EXPORT_INTERVAL_S && at < to + EXPORT_INTERVAL_S)
  const gaps = during.slice(1).map((at, index) => at - during[index]!)
  expect(during.length).toBeGreaterThan(((to - from) / EXPORT_INTERVAL_S) * 0.9)
  expect(Math.max(...gaps)).toBeLessThan(2 * EXPORT_INTERVAL_S)

  // A counter that was born meanwhile begins with the 0 that it was before, so that increase() counts its first value too.
  const born = await stack.points(`tracker_fetcher_fetch_attempts_total{job="${SERVICE}",error_type="500"}[10m]`)
  expect(born).not.toEqual([])
  expect(born.filter(({ points }) => points[0]![1] !== 0)).toEqual([])

  expect(await fetcher.end()).toBe(`The fetcher (pid ${fetcher.pid}) ended with exit code 0.`)
  const ledger = await fetcher.ledger()
  const differing = async () => (await compareWithLedger(ledger, stack)).filter((figure) => figure.ledger !== figure.prometheus)
  await expect.poll(differing, { timeout: 30 * SECOND }).toEqual([])
  expect(ledger.attempts.failed).toMatchObject({ '500': expect.any(Number) })
  expect(ledger.retries).toMatchObject({ empty_body: expect.any(Number) })
})

/** When the service exported, epoch seconds, oldest first, as far as it has arrived. */
async function heartbeats(): Promise<readonly number[]> {
  const [series] = await stack.points(`health_heartbeat_time_seconds{job="${SERVICE}"}[10m]`)
  return series?.points.map(([at]) => at) ?? []
}
