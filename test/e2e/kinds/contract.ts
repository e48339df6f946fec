/** What a service of a kind does and what is then to be said of it, however it is told: by a monitor in its code, or by health.config. */
import { expect } from 'vitest'

import type { ServiceHealthMonitor } from '../../../src/service/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../../../src/service/monitor-options.ts'
import type { Severity } from '../../../src/types.ts'

export interface ToldAlert {
  readonly rule: string
  readonly labels?: Readonly<Record<string, string>>
  readonly severity: Severity
}

type Named = Readonly<Record<string, unknown>>

export interface KindContract {
  /** As health.config and the status call it. */
  readonly kind: string
  /** Of test/kinds/strangers. */
  readonly folder: string
  /** Its work, in lists of its Redis. */
  lists(now: number): Readonly<Record<string, readonly string[]>>
  /** What it has counted by itself when all of that is done. */
  readonly ledger: Named
  /** The same work, told to a monitor of the kind that has started. */
  monitor(options: ServiceHealthMonitorOptions): { readonly monitor: ServiceHealthMonitor; tell(): void }
  /** All totals but when they began. */
  readonly totals: Named
  /** Figures that are known from the first second. */
  soon(ledger: Named): Named
  /** Figures that are known when half a minute was watched. */
  readonly later: Named
  /** Every alert that fires, and no other does. */
  readonly alerts: readonly ToldAlert[]
}

/** 1 to `count`. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

/** A number that cannot be known to the last unit. */
export function between(least: number, most: number): unknown {
  return expect.toSatisfy((value: unknown) => typeof value === 'number' && value >= least && value <= most)
}
