/** What processes of a service have counted is evidence after they are gone: histories of hours on a virtual clock. */
import { setImmediate } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { TrackerFetcherHealthMonitor } from '../../src/kinds/tracker-fetcher/monitor.ts'
import { Kept, LastingExporter } from '../support/lasting-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE

class World {
  readonly clock = new VirtualClock()
  readonly told: string[] = []
  monitor!: TrackerFetcherHealthMonitor
  #exporter!: LastingExporter
  readonly #kept = new Kept()

  get seconds(): number {
    return Math.round(this.clock.monotonicMs() / 1000)
  }

  async boot(): Promise<void> {
    this.#exporter = new LastingExporter(this.clock, this.#kept)
    this.monitor = new TrackerFetcherHealthMonitor({
      ...{ clock: this.clock, exporter: this.#exporter, serviceName: 'tracker_fetcher', env: { OTEL_METRICS_EXPORTER: 'none' } },
    })
    await this.monitor.start()
    await setImmediate()
    this.clock.advance(0)
  }

  run(seconds: number, each?: (second: number) => void): void {
    for (let i = 0; i < seconds; i++) {
      each?.(this.seconds)
      this.clock.advance(1000)
      this.#hear()
    }
  }

  /** What it would say at its end is not heard. */
  async crash(): Promise<void> {
    this.#hear()
    this.#exporter = new LastingExporter(this.clock, new Kept())
    await this.monitor.stop(0)
  }

  verdict(rule: string) {
    return this.#exporter.last.verdicts.find((verdict) => verdict.rule === rule)
  }

  #heard = 0
  #hear(): void {
    const { transitions } = this.#exporter
    if (this.#heard > transitions.length) this.#heard = 0
    for (const { type, alert } of transitions.slice(this.#heard)) this.told.push(`${alert.rule} ${type} ${alert.severity}`)
    this.#heard = transitions.length
  }

  forget(): void {
    this.#heard = 0
  }
}

test.for([
  { every: 3 * MINUTE, life: 10 * MINUTE },
  { every: 2 * MINUTE, life: 5 * MINUTE },
  { every: 10 * MINUTE, life: 25 * MINUTE },
])('a total outage is found though the process restarts each $life s', async ({ every, life }) => {
  const world = new World()
  await world.boot()
  while (world.seconds < 6 * HOUR && world.told.length === 0) {
    world.run(life, (second) => {
      if (second % every === Math.floor(0.9 * every)) world.monitor.recordFetchAttempt({ success: false, errorType: 'http_500' })
      if (second % 30 === 0) world.monitor.recordQueueSizes({ hot: 5000 })
    })
    if (world.told.length > 0) break
    await world.crash()
    world.forget()
    await world.boot()
  }
  expect(world.told[0]).toMatch(/^low_success_rate fired/)
  await world.monitor.stop(0)
})

test('a stall is not over because a process began anew', async () => {
  const world = new World()
  await world.boot()
  const due = (second: number) => {
    if (second % 30 === 0) world.monitor.recordQueueSizes({ hot: 5000 })
  }
  world.run(45 * MINUTE, due)
  expect(world.told).toEqual(['low_fetch_rate fired WARNING'])
  await world.crash()
  world.forget()
  await world.boot()
  world.run(45 * MINUTE, due)
  expect(world.told).toEqual(['low_fetch_rate fired WARNING'])
  world.run(30 * MINUTE, (second) => {
    due(second)
    if (second % 60 === 0) world.monitor.recordFetchAttempt({ success: true })
  })
  expect(world.told).toEqual(['low_fetch_rate fired WARNING', 'low_fetch_rate resolved WARNING'])
  await world.monitor.stop(0)
})

test('slow calls do not resolve because few come, all of them slow', async () => {
  const world = new World()
  await world.boot()
  const slow = () => world.monitor.recordApiCall({ upstream: 'apple', durationMs: 20_000 })
  world.run(10 * MINUTE, (second) => second % 5 === 0 && slow())
  world.run(30 * MINUTE, (second) => second % 180 === 0 && slow())
  expect(world.told).toEqual(['slow_apple_api fired WARNING'])
  await world.monitor.stop(0)
})

test('the last ten of 24,000 calls are no outage, however long nothing comes after them', async () => {
  const world = new World()
  await world.boot()
  world.run(6 * HOUR, (second) => {
    const inRun = second % 900
    if (inRun >= 10) return
    for (let i = 0; i < 100; i++)
      world.monitor.recordFetchAttempt({ success: !(Math.floor(second / 900) === 12 && inRun === 9 && i >= 90) })
  })
  expect(world.told).toEqual([])
  await world.monitor.stop(0)
})

test('two of three succeed, four times an hour: found within two days', async () => {
  const world = new World()
  await world.boot()
  while (world.seconds < 48 * HOUR && world.told.length === 0)
    world.run(HOUR, (second) => {
      if (second % 900 === 450) world.monitor.recordFetchAttempt({ success: Math.floor(second / 900) % 3 !== 0 })
    })
  expect(world.told).toEqual(['low_success_rate fired WARNING'])
  await world.monitor.stop(0)
})
