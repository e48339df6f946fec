/** One random rule over one random service. The same seed gives the same case. */
import { readMetrics } from '../../../src/rules/rules-config.ts'
import type { MetricConfig } from '../../../src/rules/rules-config.ts'
import type { MetricRef, ReadingData, RuleData } from '../../../src/rules/rule-data.ts'
import type { MetricDefinition } from '../../../src/catalogue.ts'
import { Random } from '../../rules/random-history.ts'
import { BOUNDS, randomCounters, randomCourse, randomLevels, randomStates, STATES, type RandomSeries } from './random-series.ts'
import { figuresOf } from './judged-case.ts'

export interface OracleCase {
  readonly seed: number
  readonly rule: RuleData
  readonly metrics: readonly MetricDefinition[]
  readonly series: readonly RandomSeries[]
  readonly ticks: number
  /** Seconds between two exports, which is that between two evaluations. */
  readonly interval: number
}

const READINGS = [
  'rate',
  'increase',
  'ratio',
  'ratio',
  'mean',
  'quantile',
  'quantile',
  'level',
  'age',
  'absent',
  'state',
  'burn_rate',
  'success_rate',
  'slow_calls',
  'throughput',
] as const

/** Ticks of a case: a throughput is judged once most of an hour was watched. */
const ticksAt = (interval: number): number => (interval === 60 ? 100 : 72)

export function randomCase(seed: number, interval: number): OracleCase {
  const random = new Random(seed)
  const ticks = ticksAt(interval)
  const reading = random.of(READINGS)
  const by = reading !== 'state' && random.chance(0.3) ? { by: 'shard' } : {}
  const course = randomCourse(random, { ticks, most: interval === 10 ? 20 : 3, isWhole: 'by' in by })
  const name = (metric: string) => `c${seed}.${metric}`
  const metrics = readMetrics(Object.fromEntries(Object.entries(DECLARED).map(([metric, config]) => [name(metric), config])))
  const shards = [{ shard: 'a' }, { shard: 'b' }, {}]
  const outcomes = shards.flatMap((shard) => ['ok', 'failed', 'refused'].map((outcome) => ({ ...shard, outcome })))
  const made = {
    orders: () =>
      randomCounters(
        random,
        course,
        name('orders'),
        outcomes.filter(() => course.isWhole || random.chance(0.7)),
        1,
      ),
    took: () => randomCounters(random, course, name('took'), shards, BOUNDS.length + 2),
    free: () => randomLevels(random, course, name('free'), shards),
    waiting: () => randomLevels(random, course, name('waiting'), shards),
    mode: () => randomStates(random, course, name('mode')),
  }
  const used = usedBy(random, reading)
  const series = [...made[used](), ...(reading === 'throughput' ? made.waiting() : [])]
  const when = randomReading(random, reading, { interval, metric: name(used), owed: name('waiting') })
  const where = random.chance(0.2) && used !== 'mode' ? { where: { shard: random.of<string | { not: string }>(['a', { not: 'b' }]) } } : {}
  const times = [0, 1, 2, 3, 6].map((each) => each * interval)
  const base = {
    name: `c${seed}`,
    when,
    ...by,
    ...where,
    for: random.chance(0.2) ? random.whole(0, 4 * interval) : random.of(times),
    keepFiring: random.of(times),
    ...(PLAIN.includes(reading) && { plain: true }),
  }
  const unlimited = { seed, metrics, series, ticks, interval }
  return { ...unlimited, rule: withLimits(random, base, unlimited) }
}

function usedBy(random: Random, reading: (typeof READINGS)[number]): keyof typeof DECLARED {
  if (reading === 'mean' || reading === 'quantile') return 'took'
  if (reading === 'level') return random.of(['free', 'waiting'])
  return reading === 'state' ? 'mode' : 'orders'
}

const OF_ONE_LIMIT: readonly string[] = ['age', 'burn_rate', 'success_rate', 'throughput']
const PLAIN: readonly string[] = ['ratio', 'success_rate', 'slow_calls', 'throughput']

const DECLARED = {
  orders: { instrument: 'counter', unit: '{order}', attributes: { outcome: [], shard: [] } },
  took: { instrument: 'histogram', unit: 's', attributes: { shard: [] }, bounds: BOUNDS },
  free: { instrument: 'gauge', unit: 's', attributes: { shard: [] } },
  waiting: { instrument: 'up_down_counter', unit: '{job}', attributes: { shard: [] } },
  mode: { instrument: 'gauge', attributes: { state: STATES } },
} as const satisfies Readonly<Record<string, MetricConfig>>

function randomReading(
  random: Random,
  reading: (typeof READINGS)[number],
  { interval, metric, owed }: { interval: number; metric: string; owed: string },
): ReadingData {
  // Now and then over more than an hour, which otel-health keeps in steps of a minute.
  const over = interval * (interval === 60 && random.chance(0.3) ? random.whole(61, 90) : random.whole(3, 30))
  const of: MetricRef = { metric }
  const failed: MetricRef = { metric, where: { outcome: random.of<string | { not: string }>(['failed', { not: 'ok' }]) } }
  switch (reading) {
    case 'rate':
    case 'increase':
      return { reading, of: random.chance(0.5) ? failed : of, over }
    case 'ratio':
      return { reading, of: failed, in: of, over }
    case 'mean':
      return { reading, of, over }
    case 'quantile':
      return { reading, of, over, q: random.of([0.5, 0.75, 0.875, 0.9375]) }
    case 'level':
      return { reading, of, ...(random.chance(0.5) && { fold: random.of(['sum', 'max', 'min'] as const) }) }
    case 'age':
      return { reading, of }
    case 'absent':
      return { reading, of: random.chance(0.5) ? failed : of, over: interval * random.whole(3, 12) }
    case 'state':
      return { reading, of, attribute: 'state' }
    case 'burn_rate':
      return {
        reading,
        of: failed,
        in: of,
        objective: random.of([50, 75, 90, 99]),
        over: interval * random.whole(8, 30),
        and: interval * random.whole(3, 7),
      }
    case 'success_rate':
      return {
        reading,
        attempts: of,
        failed,
        units: of,
        failedUnits: failed,
        wording: { rate: 'Rate', units: 'orders', unitsInFull: 'orders' },
      }
    case 'slow_calls':
      return { reading, of: failed, in: of, called: 'shop' }
    case 'throughput':
      return { reading, of, owed: { metric: owed }, wording: { done: '{current} done', unit: 'orders' } }
  }
}

/** Limits among the figures that there are, so that they are met, passed and just missed. */
function withLimits(random: Random, base: Omit<RuleData, 'above' | 'below'>, unlimited: Omit<OracleCase, 'rule'>): RuleData {
  const { reading } = base.when
  const severity = random.of(['WARNING', 'CRITICAL'] as const)
  if (reading === 'state') {
    const other = severity === 'CRITICAL' ? ('WARNING' as const) : ('CRITICAL' as const)
    const severities = random.chance(0.4) ? { severities: { [random.of(['degraded', 'down'])]: other } } : {}
    return { ...base, when: { ...base.when, ...severities }, isNot: 'up', severity }
  }
  if (reading === 'absent') return { ...base, severity }
  if (reading === 'slow_calls') return { ...base, above: 500 }
  const isBelow = reading === 'success_rate' || reading === 'throughput' || (reading !== 'age' && random.chance(0.3))
  const side = isBelow ? 'below' : 'above'
  const unit = reading === 'rate' ? random.of(['/s', '/min', '/h']) : undefined
  const figures =
    reading === 'quantile'
      ? BOUNDS
      : figuresOf({ ...unlimited, rule: { ...base, [isBelow ? 'below' : 'above']: unit === undefined ? 1 : `1 ${unit}` } })
  const most =
    reading === 'ratio' || reading === 'success_rate'
      ? 100
      : reading === 'burn_rate'
        ? 100 / (100 - (base.when as { objective: number }).objective)
        : Infinity
  // A limit that nothing passes is refused.
  const allowed = figures.filter((each) => (side === 'above' ? each < most : each > 0))
  const limit = allowed.length === 0 ? 0.5 : random.of(allowed)
  const further = figures.filter((each) => (side === 'above' ? each >= limit && each < most : each <= limit && each > 0))
  const nearer = figures.filter((each) => (side === 'above' ? each <= limit : each >= limit && each < most))
  const said = (value: number) => (unit === undefined ? value : `${value} ${unit}`)
  const clear = !OF_ONE_LIMIT.includes(reading) && nearer.length > 0 && random.chance(0.2)
  return {
    ...base,
    [side]: said(limit),
    ...(further.length > 0 && reading !== 'throughput' && random.chance(0.4) && { critical: said(random.of(further)) }),
    // While an alert is kept firing PromQL goes on holding it by this limit.
    ...(clear && { clear: said(random.of(nearer)), keepFiring: 0 }),
  }
}
