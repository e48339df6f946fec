/**
 * What it costs a fetch to be watched: bare, by otel-health, and by @opentelemetry/instrumentation-undici with two readers.
 *
 * The noise of a request is many times the cost that is looked for, and the machine changes its speed over seconds. So the
 * variants take turns within one process, in blocks of some 20 to 100 ms and in a random order: three adjacent blocks, one of
 * each, make a comparison, and the figure is taken over many of them. A variant's subscribers are on their channels during its
 * blocks only, for a channel that anybody listens to costs every request. The subscribers alone, fed with what undici
 * publishes but without a network, are the second opinion.
 */
import { fork } from 'node:child_process'
import dc from 'node:diagnostics_channel'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'

import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'

import { systemClock } from '../src/clock.ts'
import { watchHttpClient } from '../src/instrument/http/http-client.ts'
import { CellStore } from '../src/record/cells.ts'
import { HttpRequests } from '../src/record/http-requests.ts'
import type { Measured } from './rounds.ts'
import { bar, measure, print } from './rounds.ts'

const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 60)
const IN_FLIGHT = 50

type Subscriber = readonly [channel: string, listener: (message: unknown, name: string | symbol) => void]

/** What `start` subscribes, taken off the channels again. */
function subscribersOf(start: () => void): readonly Subscriber[] {
  const { subscribe } = dc
  const subscribers: Subscriber[] = []
  dc.subscribe = (channel, listener) => void subscribers.push([String(channel), listener])
  syncBuiltinESMExports()
  start()
  dc.subscribe = subscribe
  syncBuiltinESMExports()
  return subscribers
}

let recorded = 0
const ours = subscribersOf(() => {
  const requests = new HttpRequests(new CellStore(systemClock))
  watchHttpClient({
    clock: systemClock,
    onRequest: (request) => {
      requests.record(request)
      recorded++
    },
  })
})
const readers = [1, 2].map(
  () => new PeriodicExportingMetricReader({ exporter: new InMemoryMetricExporter(1), exportIntervalMillis: 600_000 }),
)
const otel = subscribersOf(() => {
  const instrumentation = new UndiciInstrumentation()
  instrumentation.setMeterProvider(new MeterProvider({ readers }))
})

interface Variant {
  readonly name: string
  readonly subscribers: readonly Subscriber[]
}
const VARIANTS: readonly Variant[] = [
  { name: 'bare', subscribers: [] },
  { name: 'otel-health', subscribers: ours },
  { name: 'instrumentation-undici', subscribers: otel },
]

/** Microseconds a request, one figure for each block. */
type Blocks = readonly (readonly number[])[]

/** Runs triples of blocks for a while; the first ones warm up and are not counted. */
async function compare(seconds: number, block: () => Promise<number>): Promise<Blocks> {
  const blocks: number[][] = VARIANTS.map(() => [])
  const warmUntil = performance.now() + Math.min(5, seconds / 4) * 1000
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const figures = VARIANTS.map(() => 0)
    for (const index of shuffled(VARIANTS.keys())) {
      const { subscribers } = VARIANTS[index]!
      for (const [channel, listener] of subscribers) dc.subscribe(channel, listener)
      figures[index] = await block()
      for (const [channel, listener] of subscribers) dc.unsubscribe(channel, listener)
    }
    if (performance.now() > warmUntil) figures.forEach((figure, index) => blocks[index]!.push(figure))
  }
  return blocks
}

function shuffled(values: Iterable<number>): number[] {
  return Array.from(values, (value) => ({ value, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value)
}

function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * q)]!
}

const median = (values: readonly number[]): number => quantile(values, 0.5)

interface Estimate {
  readonly value: number
  /** Standard error, by drawing as many triples again at random. */
  readonly error: number
}

function estimate(blocks: Blocks, figure: (triples: readonly number[]) => number): Estimate {
  const all = Array.from(blocks[0]!.keys())
  const again = Array.from({ length: 200 }, () => figure(all.map(() => Math.floor(Math.random() * all.length))))
  const mean = again.reduce((sum, value) => sum + value, 0) / again.length
  return { value: figure(all), error: Math.sqrt(again.reduce((sum, value) => sum + (value - mean) ** 2, 0) / again.length) }
}

const show = ({ value, error }: Estimate, digits: number): string => `${value.toFixed(digits)} ± ${error.toFixed(digits)}`

interface Compared {
  /** Of otel-health to bare: median of the ratios of adjacent blocks. */
  readonly ratio: Estimate
  /** The same of the twentieth of blocks that were disturbed least, whenever they were: what disturbs only takes longer. */
  readonly undisturbed: Estimate
  /** What instrumentation-undici adds, of what otel-health adds. */
  readonly times: Estimate
}

function report(what: string, blocks: Blocks): Compared {
  const [bare, own, theirs] = blocks as [number[], number[], number[]]
  const at = (of: readonly number[], triples: readonly number[]): number => median(triples.map((triple) => of[triple]!))
  const over = (of: readonly number[]) => estimate(blocks, (triples) => median(triples.map((triple) => of[triple]! / bare[triple]!)))
  const added = (of: readonly number[], triples: readonly number[]) => median(triples.map((triple) => of[triple]! - bare[triple]!))
  const least = (of: readonly number[], triples: readonly number[]) =>
    quantile(
      triples.map((triple) => of[triple]!),
      0.05,
    )
  const undisturbed = (of: readonly number[]) => estimate(blocks, (triples) => least(of, triples) / least(bare, triples))
  console.log(`\n${what}, ${bare.length} triples of blocks: median of a block, added, ratio, ratio of the undisturbed`)
  for (const [index, { name }] of VARIANTS.entries()) {
    const of = blocks[index]!
    const time = show(
      estimate(blocks, (triples) => at(of, triples)),
      1,
    )
    const more = show(
      estimate(blocks, (triples) => added(of, triples)),
      2,
    )
    console.log(
      `${name.padEnd(24)} ${time.padStart(14)} us   + ${more.padStart(14)} us   x ${show(over(of), 4)}   x ${show(undisturbed(of), 4)}`,
    )
  }
  return {
    ratio: over(own),
    undisturbed: undisturbed(own),
    times: estimate(blocks, (triples) => added(theirs, triples) / added(own, triples)),
  }
}

const server = fork(new URL('./http-server.ts', import.meta.url))
const [port] = (await once(server, 'message')) as [number]
const url = `http://127.0.0.1:${port}/`
const request = async (): Promise<string> => (await fetch(url)).text()

/**
 * The median of requests one after the other. A channel that changes hands makes V8 throw away what it had compiled of undici
 * for the other state, which no service does all the time: the first requests of a block compile it again.
 */
async function oneAtATime(): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 200; i++) {
    const started = process.hrtime.bigint()
    await request()
    if (i >= 50) times.push(Number(process.hrtime.bigint() - started) / 1000)
  }
  return median(times)
}

/** Time of a block over its requests, of which `IN_FLIGHT` are always under way. */
async function manyAtOnce(): Promise<number> {
  const requests = 300
  await inFlight(100)
  const started = process.hrtime.bigint()
  await inFlight(requests)
  return Number(process.hrtime.bigint() - started) / 1000 / requests
}

async function inFlight(requests: number): Promise<void> {
  let begun = 0
  const worker = async (): Promise<void> => {
    while (begun++ < requests) await request()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

const sequential = report('fetch one at a time', await compare(SECONDS, oneAtATime))
const concurrent = report(`fetch, ${IN_FLIGHT} in flight`, await compare(SECONDS, manyAtOnce))
server.disconnect()
if (recorded === 0) throw new Error('Nothing was recorded: what has been measured is not what it is called.')

/** What undici publishes of one request, to the subscribers of one variant. */
function replay(subscribers: readonly Subscriber[]): (n: number) => void {
  const listeners = (channel: string) => subscribers.filter(([name]) => name === channel).map(([, listener]) => listener)
  const steps = ['undici:request:create', 'undici:client:sendHeaders', 'undici:request:headers', 'undici:request:trailers'].map((name) => ({
    name,
    to: listeners(name),
  }))
  const socket = { remoteAddress: '127.0.0.1', remotePort: port, alpnProtocol: null }
  const response = { statusCode: 200, headers: [], statusText: 'OK' }
  return (n) => {
    for (let i = 0; i < n; i++) {
      const published = { request: new Published(url), response, socket, trailers: [] }
      for (const { name, to } of steps) for (const listener of to) listener(published, name)
    }
  }
}

class Published {
  readonly method = 'GET'
  readonly path = '/'
  readonly headers = [
    'accept',
    '*/*',
    'accept-language',
    '*',
    'sec-fetch-mode',
    'cors',
    'user-agent',
    'node',
    'accept-encoding',
    'gzip, deflate',
  ]
  readonly origin: string
  constructor(origin: string) {
    this.origin = origin.slice(0, -1)
  }
  addHeader(): void {}
}

console.log('\nthe subscribers alone')
const replayed = measure(VARIANTS.map(({ name, subscribers }) => ({ name, n: 20_000, run: replay(subscribers) })))
print(replayed)
const [none, own, theirs] = replayed as unknown as [Measured, Measured, Measured]
console.log()
const within = ({ error }: Estimate): string => `(± ${error.toFixed(3)}) times`
bar('fetch one at a time takes, of bare fetch', sequential.ratio.value, 1.03, 'at most', within(sequential.ratio))
bar(`fetch with ${IN_FLIGHT} in flight takes, of bare fetch`, concurrent.undisturbed.value, 1.03, 'at most', within(concurrent.undisturbed))
bar('instrumentation-undici adds, of what otel-health adds', sequential.times.value, 4, 'at least', within(sequential.times))
const alone = (theirs.median - none.median) / (own.median - none.median)
bar('its subscribers alone take, of those of otel-health', alone, 4, 'at least', 'times')
process.exit()
