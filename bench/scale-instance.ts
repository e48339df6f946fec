/** One instance of a service as Redis sees it: what a monitor sends, when it sends it, without the monitor. */
import { randomUUID } from 'node:crypto'

import { systemClock } from '../src/clock.ts'
import type { Instant } from '../src/judge/alert.ts'
import { RedisExporter } from '../src/publish/redis-exporter.ts'
import type { Alert, Cancel, Snapshot, Transition } from '../src/types.ts'
import { alertId } from '../src/wire/alert-id.ts'
import type { RedisTarget } from '../src/wire/redis-client.ts'

export interface SimulatedInstanceOptions {
  readonly target: RedisTarget
  readonly service: string
  readonly intervalMs: number
  readonly retentionMs: number
  /** What it says of itself, a minute each. */
  readonly minutes: readonly Snapshot[]
}

const RULES = ['low_success_rate', 'slow_apple_api', 'large_queue', 'anisette_unreachable'] as const

export class SimulatedInstance {
  readonly exporter: RedisExporter
  readonly #options: SimulatedInstanceOptions
  readonly #instance: string = randomUUID()
  readonly #alerts = new Map<string, Alert>()
  readonly #startedAt: Instant = now()
  #cancels: Cancel[] = []
  #statusIsDue = false

  constructor(options: SimulatedInstanceOptions) {
    const { target, service, intervalMs: publishingIntervalMs, retentionMs } = options
    this.#options = options
    const alertIds = RULES.map((rule) => alertId(rule, service))
    const instance = this.#instance
    this.exporter = new RedisExporter({ target, clock: systemClock, service, instance, publishingIntervalMs, retentionMs, alertIds })
  }

  /** Resolves with its first beat, as src/service/lifecycle.ts does it. */
  async start(): Promise<void> {
    const { intervalMs } = this.#options
    await this.exporter.load(10_000)
    this.#cancels = [
      systemClock.every(intervalMs, () => this.#tellStatus()),
      systemClock.every(intervalMs / 3, () => void this.exporter.presence()),
      systemClock.every(intervalMs * 10, () => this.exporter.metrics(this.#snapshot())),
    ]
    this.#tellStatus()
  }

  /** One of its alerts fires, or is over. `sentence` ends what is said of it. */
  change(which: number, sentence: string): void {
    const { service } = this.#options
    const rule = RULES[which % RULES.length]!
    const before = this.#alerts.get(rule)
    const { monotonicMs, epochMs } = now()
    const fires = before?.state !== 'firing'
    const alert: Alert = {
      id: alertId(rule, service),
      rule,
      service,
      state: fires ? 'firing' : 'resolved',
      severity: which % 2 === 0 ? 'WARNING' : 'CRITICAL',
      episode: (before?.episode ?? 0) + (fires ? 1 : 0),
      since: epochMs,
      message: `Fetch success rate is 71.4 % over 5 min (limit 80 %): 20 of 70 attempts failed ${sentence}`,
      value: { current: 71.4, threshold: 80, unit: 'percent', n: 70, failures: 20, window_seconds: 300 },
      evaluatedAt: monotonicMs,
    }
    this.#alerts.set(rule, alert)
    const type: Transition['type'] = fires ? 'fired' : 'resolved'
    this.exporter.transition({ type, alert, deliver: true, cause: 'condition', actor: null, told: null })
    if (this.#statusIsDue) return
    this.#statusIsDue = true
    // As src/service/publication.ts: not in the turn of the alert, which would wait for it.
    this.#cancels.push(
      systemClock.after(0, () => {
        this.#statusIsDue = false
        this.#tellStatus()
      }),
    )
  }

  async stop(): Promise<void> {
    for (const cancel of this.#cancels) cancel()
    await this.exporter.stop({ ...this.#snapshot(), phase: 'stopped' }, 1000)
  }

  #tellStatus(): void {
    this.#cancels = this.#cancels.slice(0, 3)
    this.exporter.status(this.#snapshot())
  }

  #snapshot(): Snapshot {
    const { service, minutes } = this.#options
    const { monotonicMs, epochMs } = now()
    const uptimeMs = monotonicMs - this.#startedAt.monotonicMs
    const minute = minutes[Math.floor(uptimeMs / 60_000) % minutes.length]!
    const alerts = [...this.#alerts.values()].filter(({ state }) => state === 'firing')
    const status = alerts.length > 0 ? 'degraded' : 'healthy'
    const standing = { status, instanceStatus: status, alerts, reasons: alerts.map(({ rule }) => rule) } as const
    return { ...minute, ...standing, service, instance: this.#instance, at: epochMs, uptimeSeconds: uptimeMs / 1000 }
  }
}

function now(): Instant {
  return { monotonicMs: systemClock.monotonicMs(), epochMs: systemClock.epochMs() }
}
