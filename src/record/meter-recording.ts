/**
 * The foreign recording: plain API instruments on somebody else's meter, so that their readers export what ours judges.
 * Instruments are made when first used: the API has no delegating meter, one made before the provider is deaf for ever.
 */
import type { Counter, Histogram, Meter, ObservableResult } from '@opentelemetry/api'

import type { MetricDefinition } from '../catalogue.ts'
import type { Attributes } from '../types.ts'
import type { CounterHandle, HistogramHandle, LevelHandle, Recording } from './recording.ts'

interface Level extends LevelHandle {
  readonly attributes: Attributes
  value: number | undefined
}

export class MeterRecording implements Recording {
  readonly #meter: Meter
  readonly #counters = new Map<string, Counter>()
  readonly #histograms = new Map<string, Histogram>()
  readonly #levels = new Map<string, Map<string, Level>>()
  readonly #refreshers: (() => void)[] = []
  #refreshed = false

  constructor(meter: Meter) {
    this.#meter = meter
  }

  counter(metric: MetricDefinition, attributes: Attributes): CounterHandle {
    const { unit, description } = metric
    const counter = getOrCreate(this.#counters, metric.name, () => this.#meter.createCounter(metric.name, { unit, description }))
    return { add: (n) => counter.add(n, attributes) }
  }

  histogram(metric: MetricDefinition, attributes: Attributes): HistogramHandle {
    const { unit, description, bounds } = metric
    const histogram = getOrCreate(this.#histograms, metric.name, () =>
      this.#meter.createHistogram(metric.name, { unit, description, advice: { explicitBucketBoundaries: [...(bounds ?? [])] } }),
    )
    return { record: (value) => histogram.record(value, attributes) }
  }

  level(metric: MetricDefinition, attributes: Attributes): LevelHandle {
    const levels = getOrCreate(this.#levels, metric.name, () => this.#observe(metric))
    return getOrCreate(levels, JSON.stringify(attributes), () => {
      const level: Level = { attributes, value: undefined, set: (value) => void (level.value = value) }
      return level
    })
  }

  onCollect(refresh: () => void): void {
    this.#refreshers.push(refresh)
  }

  #observe(metric: MetricDefinition): Map<string, Level> {
    const { unit, description } = metric
    const levels = new Map<string, Level>()
    const instrument =
      metric.instrument === 'observable_gauge'
        ? this.#meter.createObservableGauge(metric.name, { unit, description })
        : this.#meter.createObservableUpDownCounter(metric.name, { unit, description })
    instrument.addCallback((result: ObservableResult) => {
      this.#refresh()
      for (const level of levels.values()) if (level.value !== undefined) result.observe(level.value, level.attributes)
    })
    return levels
  }

  /** The SDK runs all callbacks of a collection in one go; the first of them refreshes for all. */
  #refresh(): void {
    if (this.#refreshed) return
    this.#refreshed = true
    queueMicrotask(() => (this.#refreshed = false))
    for (const refresh of this.#refreshers) refresh()
  }
}

function getOrCreate<V>(map: Map<string, V>, key: string, create: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = create()))
  return value
}
