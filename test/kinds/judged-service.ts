/** A monitor of one kind on a virtual clock: time passes minute by minute, and what people would be told is kept in words. */
import { afterEach } from 'vitest'

import type { ServiceHealthMonitor } from '../../src/service/monitor.ts'
import type { Alert, Snapshot } from '../../src/types.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const ENV = { OTEL_METRICS_EXPORTER: 'none', HEALTH_SERVICE_NAME: 'it' }

const running: ServiceHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

export class JudgedService<M extends ServiceHealthMonitor> {
  readonly monitor: M
  readonly clock: VirtualClock
  readonly exporter: MemoryExporter

  constructor(monitor: M, clock: VirtualClock, exporter: MemoryExporter) {
    this.monitor = monitor
    this.clock = clock
    this.exporter = exporter
  }

  /** Calls `act` at the beginning of each of so many minutes. */
  minutes(n: number, act: (monitor: M) => void = () => {}): this {
    for (let minute = 0; minute < n; minute++) {
      act(this.monitor)
      this.clock.advance(60_000)
    }
    return this
  }

  seconds(n: number, act: (monitor: M) => void = () => {}): this {
    for (let second = 0; second < n; second++) {
      act(this.monitor)
      this.clock.advance(1000)
    }
    return this
  }

  /** `low_delivery_rate mail fired WARNING`, in order. */
  get told(): readonly string[] {
    return this.exporter.transitions.map(({ type, alert: { rule, labels = {}, severity } }) =>
      [rule, ...Object.values(labels), type, severity].join(' '),
    )
  }

  /** Seconds since the start at which each of `told` was told. */
  get toldAt(): readonly number[] {
    return this.exporter.told.map(({ at }) => at)
  }

  /** What people were told last. */
  get message(): string | undefined {
    return this.exporter.transitions.at(-1)?.alert.message
  }

  /** Alerts as they stand: `aggregation_lag firing`. */
  get open(): readonly string[] {
    return this.status.alerts.map(({ rule, labels = {}, state }) => [rule, ...Object.values(labels), state].join(' '))
  }

  /** Of now. */
  get status(): Snapshot {
    this.clock.advance(0)
    return this.exporter.last
  }

  async stop(): Promise<void> {
    await this.monitor.stop(0)
  }
}

/** `before`: the process whose alerts it finds, and whose clock goes on. */
export async function judgedService<K extends new (options: never) => ServiceHealthMonitor>(
  Kind: K,
  options?: ConstructorParameters<K>[0],
  before?: JudgedService<ServiceHealthMonitor>,
): Promise<JudgedService<InstanceType<K>>> {
  await before?.stop()
  const clock = before?.clock ?? new VirtualClock()
  const stored: Alert[] = [...(before?.exporter.saved.values() ?? [])].filter(({ state }) => state !== 'inactive' && state !== 'resolved')
  const exporter = new MemoryExporter(clock, stored)
  const monitor = new Kind({
    clock,
    exporter,
    env: ENV,
    publishingInterval: 1,
    ...(options as object | undefined),
  } as never) as InstanceType<K>
  running.push(monitor)
  await monitor.start()
  return new JudgedService(monitor, clock, exporter)
}
