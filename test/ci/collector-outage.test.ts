/** The collector is away for two minutes: the service does not notice, and every counter ends where it would have ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'

import { compareWithLedger } from './ledger-in-prometheus.ts'
import { RealStack } from './real-stack.ts'
import { WatchedFetcher } from './watched-fetcher.ts'

const SECOND = 1000
/** The outage, in windows: in each of them everything must go on. */
const WINDOWS = 12
const WINDOW_MS = 10 * SECOND

let stack: RealStack
let fetcher: WatchedFetcher

beforeAll(async () => {
  stack = await RealStack.start()
  fetcher = await WatchedFetcher.start(stack.otlpEndpoint)
  await fetcher.switchOn('http.500', { every_n: 7 })
  await fetcher.switchOn('empty_body', { every_n: 9 })
  await fetcher.switchOn('reset', { every_n: 11 })
})
afterAll(async () => {
  await fetcher?.stop()
  await stack?.stop()
})

interface Window {
  readonly attempts: number
  readonly beats: number
}

/** What the simulators and the channel see of the fetcher in one window. */
async function watch(): Promise<Window> {
  const before = { attempts: await attempts(), beats: fetcher.statuses.length }
  await sleep(WINDOW_MS)
  return { attempts: (await attempts()) - before.attempts, beats: fetcher.statuses.length - before.beats }
}

async function attempts(): Promise<number> {
  const { reports, empty, failed } = (await fetcher.ledger()).attempts
  return Object.values(failed).reduce((sum, n) => sum + n, reports + empty)
}

/** The middle one of what the service said of its event loop since the given beat, in milliseconds. */
function loopDelay(since: number): number {
  const delays = fetcher.statuses.slice(since).flatMap(({ metrics }) => {
    const { event_loop_delay_p99_ms: delay } = metrics['process'] as { event_loop_delay_p99_ms: number | null }
    return delay ?? []
  })
  return delays.toSorted((a, b) => a - b)[Math.floor(delays.length / 2)] ?? NaN
}

test('the service is unaffected, and the counters end exactly at the ledger', { timeout: 300 * SECOND }, async () => {
  onTestFailed(() => console.error(stack.log))
  await expect
    .poll(async () => (await stack.query('sum(tracker_fetcher_fetch_attempts_total)'))[0]?.value ?? 0, { timeout: 30 * SECOND })
    .toBeGreaterThan(0)
  const before = [await watch(), await watch()]
  const [calm, beat] = [loopDelay(0), fetcher.statuses.length]

  await stack.stopCollector()
  const outage: Window[] = []
  for (let window = 0; window < WINDOWS; window++) outage.push(await watch())
  const [delay, said] = [loopDelay(beat), [...fetcher.lines]]
  await stack.startCollector()

  // Its trackers set the pace: in each window the fetcher does about what it did before.
  const least = Math.min(...before.map((window) => window.attempts)) / 2
  expect(outage.filter((window) => window.attempts < least || window.beats < WINDOW_MS / SECOND / 2)).toEqual([])
  expect(delay).toBeLessThan(2 * calm + 20)
  expect(said).toEqual([expect.stringMatching(/^otel-health: OTLP export fails \(.*\); health is judged all the same$/)])
  await expect.poll(() => fetcher.lines, { timeout: 30 * SECOND }).toEqual([...said, 'otel-health: OTLP export works again'])

  expect(await fetcher.end()).toBe(`The fetcher (pid ${fetcher.pid}) ended with exit code 0.`)
  expect(new Set(fetcher.statuses.map(({ instance }) => instance)).size).toBe(1)
  const ledger = await fetcher.ledger()
  const differing = async () => (await compareWithLedger(ledger, stack)).filter((figure) => figure.ledger !== figure.prometheus)
  await expect.poll(differing, { timeout: 30 * SECOND }).toEqual([])
  // What was to happen did happen.
  expect(ledger.attempts.failed).toMatchObject({ '500': expect.any(Number), ECONNRESET: expect.any(Number) })
  expect(ledger.retries).toMatchObject({ empty_body: expect.any(Number) })
})
