/**
 * What watching adds to a call that is recorded as an attempt: to the time until whoever called goes on, and in all. For the first, variants are drawn
 * at random call by call in one process and each call is timed, so that a machine that changes speed, and what one variant does to caches and hooks, are
 * the same for all. For the second, which counts what is done after they went on, rounds of calls that follow one another take turns.
 */
import { setImmediate } from 'node:timers/promises'

import { systemClock } from '../src/clock.ts'
import { watchFunction } from '../src/instrument/calls/watch-function.ts'
import { callListener } from '../src/zero-code/call-listener.ts'
import { workerRecorder } from '../src/kinds/worker/service-recorder.ts'
import { WorkerHealthMonitor } from '../src/kinds/worker/monitor.ts'
import { bar } from './rounds.ts'

const CALLS = 600_000
const WARM_UP = 60_000
const ROUNDS = 60
const CALLS_A_ROUND = 4000

class Fetcher {
  #reports = 3
  async fetch(tracker: number): Promise<number> {
    return this.#reports + tracker
  }
  async wait(tracker: number): Promise<number> {
    // oxlint-disable-next-line unicorn/no-unnecessary-await, typescript/await-thenable
    await null
    return this.#reports + tracker
  }
  count(tracker: number): number {
    return this.#reports + tracker
  }
  promise(tracker: number): Promise<number> {
    return Promise.resolve(this.#reports + tracker)
  }
}
class Watched extends Fetcher {}

const monitor = new WorkerHealthMonitor({ serviceName: 'bench', env: { OTEL_METRICS_EXPORTER: 'none' } })
const recorder = workerRecorder(monitor)
const METHODS = ['fetch', 'wait', 'count', 'promise'] as const
for (const name of METHODS) {
  // A copy, so that the methods of the bare class are not shared.
  const method = Object.getOwnPropertyDescriptor(Fetcher.prototype, name)!.value as (this: Fetcher, tracker: number) => unknown
  const meaning = { name, upstream: name, isAttempt: true, inHand: monitor.controlled.inHand, unread() {} }
  const listener = callListener(recorder, { records: 'attempt' }, meaning)
  Object.defineProperty(Watched.prototype, name, {
    value: watchFunction(method as never, { clock: systemClock, ...listener }),
    writable: true,
  })
}

const bare = new Fetcher()
const watched = new Watched()
const times: Record<string, number[]> = {}
const draw = ['nothing', 'two clock reads', ...METHODS.flatMap((name) => [name, `${name}, watched`])] as const

let sum = 0
for (let call = -WARM_UP; call < CALLS; call++) {
  // Timers run, as they do in a service.
  if (call % 1000 === 0) await setImmediate()
  const variant = draw[Math.floor(Math.random() * draw.length)]!
  let elapsed: number
  if (variant === 'nothing') {
    const started = performance.now()
    elapsed = performance.now() - started
  } else if (variant === 'two clock reads') {
    const started = performance.now()
    sum += performance.now() - performance.now()
    elapsed = performance.now() - started
  } else {
    const [name, how] = variant.split(', ') as [(typeof METHODS)[number], string | undefined]
    const fetcher = how ? watched : bare
    if (name === 'count') {
      const started = performance.now()
      sum += fetcher.count(call)
      elapsed = performance.now() - started
    } else if (name === 'fetch') {
      const started = performance.now()
      sum += await fetcher.fetch(call)
      elapsed = performance.now() - started
    } else if (name === 'wait') {
      const started = performance.now()
      sum += await fetcher.wait(call)
      elapsed = performance.now() - started
    } else {
      const started = performance.now()
      sum += await fetcher.promise(call)
      elapsed = performance.now() - started
    }
  }
  if (call >= 0) (times[variant] ??= []).push(elapsed)
}

/** Nanoseconds; the clock reads around it are taken off. */
function median(variant: string): number {
  const sorted = times[variant]!.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]! * 1e6
}
const nothing = median('nothing')
for (const variant of draw) console.log(`${variant.padEnd(18)} ${(median(variant) - nothing).toFixed(0).padStart(6)} ns`)

const pair = median('two clock reads') - nothing
const added = (name: string): number => (median(`${name}, watched`) - median(name)) / pair
const { totals } = await monitor.collectHealthData()
console.log(`recorded: ${JSON.stringify(totals['attempts'])}, checksum ${sum > 0}`)

const oneAfterAnother = {
  async fetch(fetcher: Fetcher): Promise<number> {
    let found = 0
    for (let call = 0; call < CALLS_A_ROUND; call++) found += await fetcher.fetch(call)
    return found
  },
  async wait(fetcher: Fetcher): Promise<number> {
    let found = 0
    for (let call = 0; call < CALLS_A_ROUND; call++) found += await fetcher.wait(call)
    return found
  },
  async count(fetcher: Fetcher): Promise<number> {
    let found = 0
    for (let call = 0; call < CALLS_A_ROUND; call++) found += fetcher.count(call)
    return found
  },
  async promise(fetcher: Fetcher): Promise<number> {
    let found = 0
    for (let call = 0; call < CALLS_A_ROUND; call++) found += await fetcher.promise(call)
    return found
  },
}
const rounds: Record<string, number[]> = {}
for (let round = 0; round < ROUNDS; round++) {
  for (const name of METHODS) {
    for (const fetcher of [bare, watched]) {
      // The hooks are on for both.
      await watched.fetch(round)
      const started = performance.now()
      sum += await oneAfterAnother[name](fetcher)
      const each = (performance.now() - started) / CALLS_A_ROUND
      ;(rounds[fetcher === bare ? name : `${name}, watched`] ??= []).push(each)
      await setImmediate()
    }
  }
}
const least = (variant: string): number => Math.min(...rounds[variant]!) * 1e6
const addedInAll = (name: string): number => (least(`${name}, watched`) - least(name)) / pair
for (const name of METHODS) console.log(`${name.padEnd(18)} ${addedInAll(name).toFixed(2)} times two clock reads in all`)

bar('a watched async method that awaits nothing adds', added('fetch'), 3, 'at most', 'times two clock reads')
bar('a watched async method that waits adds', added('wait'), 3, 'at most', 'times two clock reads')
bar('a watched method that is not async adds', added('count'), 3, 'at most', 'times two clock reads')
bar('a watched method that returns a promise adds', added('promise'), 3, 'at most', 'times two clock reads')
