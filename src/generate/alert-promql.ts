/**
 * When a rule is broken, in PromQL: with otel-health's own arithmetic wherever PromQL has it, and what it cannot say as notes. Counts that
 * are used more than once are recorded, so that what is compared can be read.
 */
import { promqlTime, series } from '../panels/promql.ts'
import type { BurnRateReading, MetricRef, RuleData } from '../rules/rule-data.ts'
import { MOST_FALLS_BY_CHANCE } from '../rules/readings/throughput.ts'
import { HEALTH_WORK_SOURCES } from '../catalogue.ts'
import type { Limit } from '../rules/unit.ts'
import { LONG_SECONDS, shortSeconds } from '../rules/readings/burn-rate.ts'
import type { Where } from '../types.ts'
import type { AlertPromql, AlertSource } from './alert-words.ts'
import { AlertWords, decimal, WATCHED } from './alert-words.ts'

/** Seconds. What otel-health judges by several windows, or by its own, is looked at over this one. */
const PLAIN_WINDOW = 3600
/** Seconds, of a success rate or slow calls that are to be plain in otel-health as well. */
const PLAIN_RULE_WINDOW = 300
/** Percentage points above the limit at which an open alert of a success rate is clear of it; at most a quarter of what a limit leaves. */
const CLEAR_MARGIN = 2
/** A share of fewer events is not compared with anything. */
const LEAST_EVENTS = 20
/** Percent of calls that may be slow: the 95th percentile is over the limit exactly if more are. */
const SLOW_CALLS = 5

/** The conditions of one rule, which was checked before. */
export function alertPromql(source: AlertSource): AlertPromql {
  const { data } = source
  const { when } = data
  const words = new AlertWords(source)
  switch (when.reading) {
    case 'rate': {
      const { window, of, watched } = words.counted(when.of, when.over)
      const isKnown = words.withWatch(`${watched} >= ${Math.min(window, Math.max(3 * words.exportInterval, Math.min(window / 10, 30)))}`)
      return words.compared('/s', {
        value: ({ unit }) => words.perWatched(`${times(Math.round(1 / unit.factor))}${of}`, watched),
        shown: true,
        guards: [isKnown],
      })
    }
    case 'increase': {
      const { seconds, window, of, watched } = words.counted(when.of, when.over)
      const { instrument, unit } = words.metricOf(when.of)
      return words.compared(instrument === 'counter' ? unit : '{value}', {
        value: () => (seconds === window ? of : `${seconds} * ${of} / ${window}`),
        guards: data.below === undefined ? [] : [words.wholeWatch(watched, window)],
      })
    }
    case 'ratio': {
      const [of, all] = words.pair(when.of, when.in, words.secondsOf(when.over))
      const isPlain = isPlainRule(data)
      if (!isPlain) words.notePlain(words.secondsOf(when.over), fromEnough('events'))
      return words.compared('%', { value: () => share(of, all), guards: isPlain ? [] : [enough(all)] })
    }
    case 'mean': {
      const span = words.spanOf(words.secondsOf(when.over))
      const sum = words.record('sum', words.grewTogether(when.of, span, '_sum'))
      const count = words.record('count', words.grewTogether(when.of, span, '_count'))
      return words.compared(words.metricOf(when.of).unit, { value: () => `${sum} / (${count} > 0)` })
    }
    case 'quantile':
      return quantile(words, data, when)
    case 'level': {
      const { instrument, unit } = words.metricOf(when.of)
      const fold = when.fold ?? (instrument === 'observable_gauge' ? 'max' : 'sum')
      if (when.staleAfter !== undefined)
        words.note(
          'Prometheus has a level anew with every export and cannot see when it was set: one that otel-health finds stale is judged here.',
        )
      return words.compared(when.called === undefined ? unit : `{${when.called}}`, { value: () => words.fold(fold, words.series(when.of)) })
    }
    case 'age':
      return age(words, data, when.of)
    case 'absent':
      return absent(words, data, when)
    case 'state':
      return state(words, source, when)
    case 'burn_rate':
      return burnRate(words, when)
    case 'success_rate': {
      const window = plainWindow(words, data, 'pieces of work')
      const [failed, units] = words.pair(when.failedUnits, when.units, window, ['failed', 'units'])
      const of = (limit: Limit) => 100 - limit.value
      return words.compared('%', {
        value: () => `100 * (${units} - (${failed} or 0 * ${units})) / (${units} > 0)`,
        guards: isPlainRule(data) ? [] : [enough(units)],
        heldTo: (limit) => limit.value + Math.min(CLEAR_MARGIN, of(limit) / 4),
      })
    }
    case 'throughput':
      return throughput(words, data, when)
    case 'slow_calls': {
      const window = plainWindow(words, data, 'calls')
      const [slow, calls] = words.pair(when.of, when.in, window, ['slow', 'calls'])
      const guards = isPlainRule(data) ? [] : [enough(calls)]
      return words.found('WARNING', words.comparedTo({ value: share(slow, calls), guards, side: '>', limit: SLOW_CALLS }), { shows: '%' })
    }
  }
}

function isPlainRule(data: RuleData): boolean {
  return data.plain === true
}

function times(factor: number): string {
  return factor === 1 ? '' : `${factor} * `
}

/** Of a rule that otel-health judges by windows of its own. */
function plainWindow(words: AlertWords, data: RuleData, events: string): number {
  if (isPlainRule(data)) return PLAIN_RULE_WINDOW
  words.notePlain(PLAIN_WINDOW, fromEnough(events))
  return PLAIN_WINDOW
}

function fromEnough(events: string): string {
  return `, from ${LEAST_EVENTS} ${events} on`
}

function enough(all: string): string {
  return `and ${all} >= ${LEAST_EVENTS}`
}

/** In percent, 0 of what never counted; of a burn rate `whole` is that many, and `parts` of it are the budget. */
function share(of: string, all: string, whole = 100, parts = 1): string {
  return `${whole} * (${of} or 0 * ${all}) / (${times(parts)}${all} > 0)`
}

function quantile(
  words: AlertWords,
  { above }: RuleData,
  { q, of, over }: Extract<RuleData['when'], { reading: 'quantile' }>,
): AlertPromql {
  const metric = words.metricOf(of)
  const span = words.spanOf(words.secondsOf(over))
  const buckets = words.record('bucket', words.grewTogether(of, span, '_bucket', ['le']))
  const count = words.record('count', words.grewTogether(of, span, '_count'))
  const value = `histogram_quantile(${q}, ${buckets})`
  const last = metric.bounds?.at(-1)
  // Beyond the last bound it is that bound to PromQL, which is then not above it.
  const beyond = `${q} * ${words.fold('max', `${buckets}{le="+Inf"}`)} > ${words.fold('max', `${buckets}{le!="+Inf"}`)}`
  const least = Math.ceil(Math.max(1 / (1 - q), 1 / q) - 1e-9)
  if (words.limits(metric.unit).some(({ value: limit }) => !metric.bounds?.includes(limit)))
    words.note('A limit inside a wide bucket: PromQL guesses where in it the quantile lies. otel-health does not, and says nothing then.')
  return words.compared(metric.unit, {
    value: () => value,
    also: (limit) => (above !== undefined && limit.value === last ? `${value} >= ${decimal(limit.value)} and ${beyond}` : undefined),
    guards: [`and ${count} >= ${least}`],
  })
}

/** It is older than the limit where nothing was counted for longer. */
function age(words: AlertWords, { above }: RuleData, of: MetricRef): AlertPromql {
  const unsaid = words.unsaidAge(of)
  if (unsaid) return unsaid
  const step = words.spanOf(PLAIN_WINDOW).step
  const [first, critical] = words.limits('s').map(({ value }, place) => {
    const isOver = above !== undefined
    const window = isOver ? (Math.floor(value / step) + 1) * step : Math.max(1, Math.ceil(value / step)) * step
    const grown = words.record(place === 0 ? 'warning' : 'critical', words.grewTogether(of, { window, step }))
    const lived = words.fold('max', `max_over_time(${words.series(of, words.countSuffix(of))}[1d])`)
    // Of several instances the newest counts.
    const newest = words.acrossInstances('max', grown)
    return isOver ? `${newest} == 0 and ${words.acrossInstances('max', lived)} > 0` : `${newest} > 0`
  })
  return words.foundBoth(first, critical)
}

/** Any state but the fine one and `unknown`. WARNING is any of them, CRITICAL those that are. */
function state(
  words: AlertWords,
  { data, scope }: AlertSource,
  { of, attribute, severities = {} }: Extract<RuleData['when'], { reading: 'state' }>,
): AlertPromql {
  const fine = data.isNot ?? ''
  const usual = data.severity ?? 'CRITICAL'
  const is = (where: Where[string]) =>
    `${words.acrossInstances(scope === 'all' ? 'min' : 'max', words.fold('max', words.series(of, '', { [attribute]: where })))} == 1`
  const other = Object.keys(severities).filter((each) => each !== fine && each !== 'unknown' && severities[each] !== usual)
  const any = is({ not: [fine, 'unknown'] })
  if (other.length === 0) return words.found(usual, any)
  return words.foundBoth(any, usual === 'CRITICAL' ? is({ not: [fine, 'unknown', ...other] }) : is(other.length === 1 ? other[0]! : other))
}

/** Nothing in the window, and not when it began either, which is known to one export. */
function absent(words: AlertWords, data: RuleData, { of, over }: Extract<RuleData['when'], { reading: 'absent' }>): AlertPromql {
  const unsaid = words.unsaidAge(of)
  if (unsaid) return unsaid
  const { window, step } = words.spanOf(words.secondsOf(over))
  const grown = words.record('of', words.orZero(words.grewTogether(of, { window: window + step, step })))
  const watched = words.record('watched', words.watched({ window, step }))
  return words.found(data.severity ?? 'WARNING', `${words.acrossInstances('max', grown)} == 0 ${words.wholeWatchAcross(watched, window)}`)
}

/** For each hour in which work was owed. A step is one in which it was owed when the step began, and anybody watched the work. */
function throughput(words: AlertWords, data: RuleData, when: Extract<RuleData['when'], { reading: 'throughput' }>): AlertPromql {
  const { of, owed, left } = when
  // Sources of work are of the service, not of one of the values that a rule is split by.
  const isWatched = when.watched === true && data.by === undefined
  const { window, step, of: done, watched } = words.counted(of, PLAIN_WINDOW)
  const due = (offset: string) => words.fold('sum', `${words.series(owed)}${offset}`)
  const sources = (offset: string) => words.fold('max', `${series(HEALTH_WORK_SOURCES, {}, '', [])}${offset}`)
  const steps = `[${promqlTime(window)}:${promqlTime(step)}]`
  const owing = words.record(
    'owed',
    `${step} * count_over_time((${due(` offset ${promqlTime(step)}`)} > 0${isWatched ? ` unless ${sources(` offset ${promqlTime(step)}`)} == 0` : ''})${steps})`,
  )
  const isPlain = isPlainRule(data)
  if (!isPlain) words.notePlain(PLAIN_WINDOW, ', of which work was owed in nine tenths')
  const known = `and ${step} * count_over_time(${due(` offset ${promqlTime(step)}`)}${steps}) >= ${decimal(WATCHED * window)}`
  const guards = isPlain ? [known] : [`and ${owing} >= ${decimal(WATCHED * window)}`, words.wholeWatch(watched, window)]
  return words.compared('/h', {
    value: () => `3600 * ${done} / (${owing} > 0)`,
    guards: [...guards, `and ${due('')}`, ...(isWatched ? unlessUnseen() : [])],
  })

  function unlessUnseen(): readonly string[] {
    const unwatched = `unless ${sources('')} == 0`
    if (!left) return [unwatched]
    const total = words.fold('sum', words.series(left))
    return [unwatched, `unless (${done} == 0 and ${sources('')} and resets(${total}${steps}) > ${MOST_FALLS_BY_CHANCE})`]
  }
}

/** As fast in the long window and in the short one. */
function burnRate(words: AlertWords, when: BurnRateReading): AlertPromql {
  const long = words.secondsOf(when.over ?? LONG_SECONDS)
  const short = words.secondsOf(when.and ?? shortSeconds(long))
  const budget = decimal(100 - when.objective)
  // Whole numbers divided once: a share that is what the limit says is then no more than it, by rounding.
  let scale = 1
  while (!Number.isInteger(decimal(budget * scale))) scale *= 10
  const [inLong, inShort] = [
    words.pair(when.of, when.in, long, ['of_long', 'in_long']),
    words.pair(when.of, when.in, short, ['of_short', 'in_short']),
  ]
  const burns = ([of, all]: readonly [string, string]) => share(of, all, 100 * scale, decimal(budget * scale))
  return words.compared('x', {
    value: () => burns(inLong),
    // Where nothing was in the short window nothing burns.
    second: `${burns(inShort)} or 0 * (${inLong[1]} > 0)`,
  })
}
