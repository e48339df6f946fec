/** Services as the bench of an evaluation has them: which rules they are judged by, and what happens to their series at each tick. */
import type { MetricDefinition } from '../src/catalogue.ts'
import type { CountedBlock } from '../src/compute/keeper.ts'
import type { CellStore } from '../src/record/cells.ts'
import { compileRule } from '../src/rules/compile-rule.ts'
import { counter, gauge, histogram, type Metric } from '../src/rules/metric-ref.ts'
import {
  absent,
  age,
  burnRate,
  increase,
  level,
  mean,
  quantile,
  rate,
  ratio,
  slowCalls,
  successRate,
  throughput,
} from '../src/rules/readings.ts'
import type { RuleSentence } from '../src/rules/rule.ts'
import { rule } from '../src/rules/rule.ts'
import type { Rule } from '../src/types.ts'

const DAY_MINUTES = 1440
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Values of each of the two attributes of a metric. */
const VALUES = 10
export const SERIES_PER_METRIC = VALUES * VALUES
/** Of the ten series of each part one is of what fails. As many attributes as bench/collect.ts has. */
export const ATTRIBUTES = Array.from({ length: SERIES_PER_METRIC }, (_, i) => ({
  part: `part-${i % VALUES}`,
  'peer.name': `peer-${Math.floor(i / VALUES)}`,
  outcome: i >= SERIES_PER_METRIC - VALUES ? 'failed' : 'ok',
  region: 'eu',
}))
/** Parts of a service, of which one is broken where the service has a bad day. */
const ONE_BROKEN_IN = 19

/** How a part of a service does. Healthy ones have a failure now and then, in bursts. */
export interface Weather {
  readonly hasBroken: boolean
}

/** One metric, of whose hundred series ten are of each part. */
export interface Recorded {
  readonly metric: Metric
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly index: number
  /** Something happens to every series of it. `tick`: how many there were. */
  readonly record: (tick: number) => void
}

export interface Part {
  readonly recorded: Recorded
  /** 0 to 9. */
  readonly part: number
  readonly isBroken: boolean
}

/** What rules of a mix are about: `kinds` of metrics take turns. */
export interface Mix {
  readonly name: string
  readonly kinds: readonly Recorded['kind'][]
  /** How many rules there are for each thousand that are asked for: one that is split has ten alerts. */
  readonly rulesOfThousand?: number
  readonly sentence: (name: string, part: Part, turn: number) => RuleSentence
}

const DECLARED = { part: [], 'peer.name': [], outcome: [], region: [] }

const some = ({ recorded, part }: Part): Metric => recorded.metric.where({ part: `part-${part}` })
const failed = (part: Part): Metric => some(part).where({ outcome: 'failed' })
const THROUGHPUT_WORDING = { done: '{current} done', unit: 'items' }
const SUCCESS_WORDING = { rate: 'the success rate', units: 'batches', unitsInFull: 'batches' }

const success = (name: string, part: Part): RuleSentence =>
  rule(name)
    .when(
      successRate({
        attempts: some(part),
        failed: failed(part),
        units: some(part),
        failedUnits: failed(part),
        wording: SUCCESS_WORDING,
      }),
    )
    .below(80, '%')
    .critical(50, '%')
const share = (name: string, part: Part): RuleSentence =>
  rule(name)
    .when(ratio({ of: failed(part), in: some(part) }))
    .above(20, '%')
const slow = (name: string, part: Part): RuleSentence =>
  rule(name)
    .when(slowCalls({ of: failed(part), in: some(part), called: 'a peer' }))
    .above(500, 'ms')
const burnt = (name: string, part: Part): RuleSentence =>
  rule(name)
    .when(burnRate({ of: failed(part), in: some(part), objective: 95 }))
    .above(6)
const values = (name: string, part: Part, turn: number): RuleSentence =>
  turn % 3 === 0
    ? rule(name)
        .when(mean(some(part)))
        .above(part.isBroken ? 0.1 : 9)
    : rule(name)
        .when(quantile(0.95, some(part)))
        .above(part.isBroken ? 0.1 : 9)
const height = (name: string, part: Part): RuleSentence =>
  rule(name)
    .when(level(some(part)))
    .above(part.isBroken ? 1 : 1000)
const counted = (name: string, part: Part, turn: number): RuleSentence => {
  switch (turn % 4) {
    case 0:
      return rule(name)
        .when(rate(some(part)))
        .above(part.isBroken ? 0.001 : 1e9)
    case 1:
      return rule(name)
        .when(increase(some(part)).over('15m'))
        .above(part.isBroken ? 1 : 1e9)
    case 2:
      return rule(name)
        .when(age(some(part)))
        .above(part.isBroken ? 0 : 3600)
    default:
      return rule(name).when(absent(some(part)))
  }
}
const owed = (name: string, part: Part): RuleSentence => {
  // A gauge of the same service says that work is owed; the metric of the next place is one.
  const due = gauge(`bench.${part.recorded.index + 1}`, { unit: '{item}', attributes: DECLARED })
  return rule(name)
    .when(
      throughput({
        of: some(part),
        owed: due.where({ part: `part-${part.part}` }),
        wording: THROUGHPUT_WORDING,
      }),
    )
    .below(part.isBroken ? 100_000 : 60)
}

/** Of services as they come: most rules are about shares. */
const mixed = (name: string, part: Part, turn: number): RuleSentence => {
  if (part.recorded.kind === 'gauge') return height(name, part)
  if (part.recorded.kind === 'histogram') return values(name, part, turn)
  const kinds = [success, share, slow, burnt, counted, (each: string, of: Part) => share(each, of).plain()] as const
  return kinds[(turn + part.recorded.index) % kinds.length]!(name, part, turn)
}

/** One rule with an alert for each part of the service. */
const split = (name: string, { recorded }: Part): RuleSentence =>
  rule(name)
    .when(ratio({ of: recorded.metric.where({ outcome: 'failed' }), in: recorded.metric }))
    .above(20, '%')
    .by('part')

const COUNTERS = ['counter'] as const

export const MIXES: readonly Mix[] = [
  { name: 'all kinds', kinds: ['gauge', 'histogram', ...Array.from({ length: 8 }, () => 'counter' as const)], sentence: mixed },
  { name: 'success rates', kinds: COUNTERS, sentence: success },
  { name: 'ratios', kinds: COUNTERS, sentence: share },
  { name: 'slow calls', kinds: COUNTERS, sentence: slow },
  { name: 'throughput', kinds: ['counter', 'gauge'], sentence: owed },
  { name: 'burn rates', kinds: COUNTERS, sentence: burnt },
  { name: 'counts', kinds: COUNTERS, sentence: counted },
  { name: 'quantiles and means', kinds: ['histogram'], sentence: values },
  { name: 'levels', kinds: ['gauge'], sentence: height },
  { name: 'ratios split by ten parts', kinds: COUNTERS, rulesOfThousand: 100, sentence: split },
]

export function isBroken(weather: Weather, index: number, part: number): boolean {
  return weather.hasBroken && (index * VALUES + part) % ONE_BROKEN_IN === 0
}

/** Whether a part that is well fails for once in this second: bursts of ten seconds, about one in fifty of them. */
function failsNow(index: number, part: number, tick: number): boolean {
  return (Math.floor(tick / 10) * 7 + index * 3 + part) % 50 === 0
}

export function recordedMetric(store: CellStore, { kinds }: Mix, weather: Weather, index: number): Recorded {
  const name = `bench.${index}`
  const kind = kinds[index % kinds.length]!
  if (kind === 'gauge') {
    const metric = gauge(name, { unit: '{item}', attributes: DECLARED })
    const cells = ATTRIBUTES.map((each) => store.level(metric.ref.definition, each))
    return { metric, kind, index, record: (tick) => cells.forEach((cell, i) => cell.set(1 + ((i + tick) % 7))) }
  }
  if (kind === 'histogram') {
    const metric = histogram(name, { unit: 's', bounds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10], attributes: DECLARED })
    const cells = ATTRIBUTES.map((each) => store.histogram(metric.ref.definition, each))
    return { metric, kind, index, record: (tick) => cells.forEach((cell, i) => cell.record(((i + tick) % 13) / 2)) }
  }
  const metric = counter(name, { unit: '{event}', attributes: DECLARED })
  const cells = ATTRIBUTES.map((each) => store.counter(metric.ref.definition, each))
  return {
    metric,
    kind,
    index,
    record(tick) {
      for (const [i, cell] of cells.entries()) {
        const part = i % VALUES
        if (ATTRIBUTES[i]!.outcome === 'ok') cell.add(1)
        else if (isBroken(weather, index, part)) cell.add(9)
        else if (failsNow(index, part, tick)) cell.add(1)
      }
    },
  }
}

export function compiledRules(
  metrics: readonly Recorded[],
  { sentence, rulesOfThousand = 1000 }: Mix,
  weather: Weather,
  rules: number,
): Rule[] {
  const judged = metrics.filter((each) => !(sentence === owed && each.kind === 'gauge'))
  return Array.from({ length: (rules * rulesOfThousand) / 1000 }, (_, index) => {
    const recorded = judged[index % judged.length]!
    const turn = Math.floor(index / judged.length)
    const part = turn % VALUES
    const said = sentence(`rule_${index}`, { recorded, part, isBroken: isBroken(weather, recorded.index, part) }, turn)
    return compileRule(said.for(0).data, { metrics: new Map<string, MetricDefinition>(), tickSeconds: 1, showsFigure: false })
  })
}

/** What one part did on the day before, by the minute: as it does now, and with an outage of half an hour where it is broken. */
export function pastOf(isOfWork: boolean, wasBroken: boolean): CountedBlock[] {
  return Array.from({ length: DAY_MINUTES - 1 }, (_, minute): CountedBlock => {
    const agoMs = (DAY_MINUTES - 1 - minute) * MINUTE_MS
    const isOut = wasBroken && agoMs > 5 * HOUR_MS && agoMs < 5.5 * HOUR_MS
    const all = 500 + ((minute * 17) % 80)
    if (isOfWork) return { agoMs, amounts: [all, MINUTE_MS] }
    return { agoMs, amounts: [all, isOut ? all : minute % 6 === 0 ? 8 + (minute % 5) : 0] }
  })
}
