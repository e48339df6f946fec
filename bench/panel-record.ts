/** What a thousand services write, by scripts of the wire's own form: status messages of a real fetcher, and alerts that fire and end. */
import type { Redis } from 'ioredis'

import { systemClock } from '../src/clock.ts'
import type { Cancel, Snapshot } from '../src/types.ts'
import { historyEntry } from '../src/publish/history.ts'
import { shardNames } from '../src/wire/names.ts'
import { encodeStatus } from '../src/wire/status-message.ts'
import { RedisRecord } from '../test/subscribe/record.ts'
import { minutesOfAFetcher } from './scale-minutes.ts'

export interface Load {
  readonly services: number
  readonly instances: number
  /** Services that have a day behind them; the others have just begun. */
  readonly withHistory: number
  readonly openAlerts: number
  readonly transitionsPerSecond: number
  readonly intervalMs: number
}

const names = shardNames()
/** Turns a second in which something is written. */
const TURNS = 20

export class PanelRecord {
  readonly #redis: Redis
  readonly #record: RedisRecord
  readonly #load: Load
  #minutes: readonly Snapshot[] = []
  #beats = 0
  #turns = 0
  #cancel: Cancel | undefined
  transitions = 0

  constructor(redis: Redis, load: Load) {
    this.#redis = redis
    this.#record = new RedisRecord(redis)
    this.#load = load
  }

  /** Every instance once, a day of history of the first services, and every alert open. */
  async begin(): Promise<void> {
    const { services, instances, openAlerts, withHistory } = this.#load
    this.#minutes = await minutesOfAFetcher(10, 1)
    for (let i = 0; i < services * instances; i += 100) {
      await Promise.all(Array.from({ length: Math.min(100, services * instances - i) }, (_, j) => this.#beat(i + j)))
    }
    for (let i = 0; i < withHistory; i++) await this.#writeDay(serviceName(i))
    for (let i = 0; i < openAlerts; i++) await this.#tell(i, 'fired')
  }

  start(): void {
    const { services, instances, intervalMs, transitionsPerSecond, openAlerts } = this.#load
    const all = services * instances
    const perTurn = (all * 1000) / intervalMs / TURNS
    this.#cancel = systemClock.every(1000 / TURNS, () => {
      const to = Math.floor(++this.#turns * perTurn)
      while (this.#beats < to) void this.#beat(this.#beats++ % all)
      for (let i = 0; i < transitionsPerSecond / TURNS; i++) {
        const which = this.transitions++
        // One ends, and with the next turn it is back: about as many are open all the time.
        void this.#tell(Math.floor(which / 2) % openAlerts, which % 2 === 0 ? 'resolved' : 'fired')
      }
    })
  }

  stop(): void {
    this.#cancel?.()
  }

  async #beat(i: number): Promise<void> {
    const { services } = this.#load
    const [service, instance] = [serviceName(i % services), `instance-${Math.floor(i / services)}`]
    const now = Date.now()
    const minute = this.#minutes[i % this.#minutes.length]!
    const dependsOn = i % 10 === 0 ? [serviceName((i + 1) % services)] : []
    const { json } = encodeStatus({ ...minute, service, instance, at: now, dependsOn }, Math.floor(now / 1000))
    await this.#redis
      .multi()
      .set(names.status(service, instance), json, 'PX', 90_000)
      .zadd(names.instances(service), now, instance)
      .zadd(names.services, now, service)
      .publish(names.statusChannel(service), json)
      .exec()
  }

  async #writeDay(service: string): Promise<void> {
    const now = Date.now()
    for (let hour = 24; hour > 0; hour--) {
      const written = this.#redis.pipeline()
      for (let i = 0; i < 60 * this.#load.instances; i++) {
        const { metrics: gauges, totals: counts } = this.#minutes[i % this.#minutes.length]!
        const instance = `instance-${i % this.#load.instances}`
        const { fields } = historyEntry({ instance, status: i % 50 === 0 ? 'degraded' : 'healthy', counts, gauges })
        const at = now - hour * 3_600_000 + Math.floor(i / this.#load.instances) * 60_000
        written.xadd(names.history(service), `${at}-*`, ...fields)
      }
      await written.exec()
    }
  }

  async #tell(i: number, type: 'fired' | 'resolved'): Promise<void> {
    const message = `Fetch success rate is 71.4 % over 5 min (limit 80 %): 20 of 70 attempts failed (${this.transitions})`
    const severity = i % 4 === 0 ? 'CRITICAL' : 'WARNING'
    await this.#record.tell({ id: `alert-${i}`, service: serviceName(i * 3), type, severity, message })
  }
}

export function serviceName(i: number): string {
  return `service-${String(i).padStart(4, '0')}`
}
