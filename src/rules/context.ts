/** How the reading of one rule or figure comes by its metrics and its window. */
import type { MetricDefinition } from '../catalogue.ts'
import type { Where } from '../types.ts'
import type { Context } from './judged-reading.ts'
import type { MetricRef } from './rule-data.ts'
import { DEFAULTS } from './rule-data.ts'
import { selectionOf } from './selection.ts'
import { shownValue } from './shown-value.ts'
import { secondsOf } from './time-text.ts'

/** As far back as the rings look. */
const LONGEST_WINDOW_SECONDS = 21_600
/** Windows up to this long are kept in finer steps: src/compute/ring.ts. */
const FINE_REACH_SECONDS = 3600

export interface ContextOptions {
  /** What the kind and health.config declare, by name. */
  readonly metrics: ReadonlyMap<string, MetricDefinition>
  /** Seconds between two evaluations. */
  readonly tickSeconds: number
}

/** `whose`: "rule slow_calls", as sentences name it. `where`: only these series of every metric. */
export function contextOf(whose: string, where: Where | undefined, { metrics, tickSeconds }: ContextOptions): Context {
  const metricOf = (ref: MetricRef): MetricDefinition => {
    const found = ref?.definition ?? metrics.get(ref?.metric)
    if (found) return found
    throw new Error(
      `The ${whose} reads the metric ${shownValue(ref?.metric)}, which neither the kind of service nor "metrics" of health.config declares: declare it with its instrument and unit.`,
    )
  }
  const select = (ref: MetricRef, wanted: readonly MetricDefinition['instrument'][], what: string): { metric: string; where?: Where } => {
    const definition = metricOf(ref)
    if (!wanted.includes(definition.instrument)) {
      throw new Error(
        `The ${whose} reads ${what} of ${definition.name}, which is ${SAID[definition.instrument]}: use ${wanted.map((each) => SAID[each]).join(' or ')}.`,
      )
    }
    return selectionOf(definition, { ...ref.where, ...where }, whose)
  }
  return {
    whose,
    tickSeconds,
    metric: metricOf,
    events: (ref) => ({ kind: 'events', ...select(ref, ['counter', 'histogram'], 'events') }),
    distribution: (ref) => ({ kind: 'distribution', ...select(ref, ['histogram'], 'values') }),
    level: (ref, { staleAfter, fold }) => ({
      kind: 'level',
      ...select(ref, ['observable_gauge', 'observable_up_down_counter'], 'the level'),
      ...(staleAfter !== undefined && { staleAfterSeconds: secondsOf(staleAfter, `staleAfter of the ${whose}`) }),
      ...(fold && { fold }),
    }),
    state: (ref, attribute) => ({
      kind: 'state',
      ...select(ref, ['observable_gauge', 'observable_up_down_counter'], 'the state'),
      attribute,
    }),
    lastSeen: (ref) => ({
      kind: 'last_seen',
      ...select(ref, ['counter', 'histogram', 'observable_gauge', 'observable_up_down_counter'], 'the age'),
    }),
    window(over = DEFAULTS.over) {
      const seconds = secondsOf(over, `The window of the ${whose}`)
      if (!(seconds >= 10 && seconds <= LONGEST_WINDOW_SECONDS)) {
        throw new Error(`The window of the ${whose} is ${seconds} s, expected 10 s to ${LONGEST_WINDOW_SECONDS / 3600} h.`)
      }
      const step = seconds > FINE_REACH_SECONDS ? 60 : 10
      if (seconds % step === 0) return seconds
      const reach = seconds > FINE_REACH_SECONDS ? 'more than 1 h' : 'up to 1 h'
      throw new Error(
        `The window of the ${whose} is ${seconds} s, but a window of ${reach} is kept in steps of ${step} s: use ${seconds - (seconds % step)} s or ${seconds - (seconds % step) + step} s.`,
      )
    },
  }
}

const SAID: Readonly<Record<MetricDefinition['instrument'], string>> = {
  counter: 'a counter',
  histogram: 'a histogram',
  observable_gauge: 'a gauge',
  observable_up_down_counter: 'an up-down counter',
}
