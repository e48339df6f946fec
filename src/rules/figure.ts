/** A figure of status and metrics: figure(quantile(0.95, durations)).in('ms').by('provider'), or the same as data. */
import type { Figure } from '../types.ts'
import { checkReading } from './check-rule-data.ts'
import { checkedBy } from './checked-by.ts'
import type { ContextOptions } from './context.ts'
import { contextOf } from './context.ts'
import { judgedReading } from './judge-reading.ts'
import type { Reading } from './readings.ts'
import type { ReadingData } from './rule-data.ts'
import { withRefs } from './rules-config.ts'
import { shownValue } from './shown-value.ts'
import { unitOf } from './unit.ts'

export interface FigureData {
  readonly of: ReadingData
  /** Any unit of the reading's kind; default: its own. */
  readonly in?: string
  /** One figure for each value of this attribute. */
  readonly by?: string
}

/** Every word gives a new one; whether it makes sense is found out when a monitor is made of it. */
export class FigureSentence {
  readonly data: FigureData

  constructor(data: FigureData) {
    this.data = data
  }

  /** Any unit of the reading's kind: `ms` for seconds. */
  in(unit: string): FigureSentence {
    return new FigureSentence({ ...this.data, in: unit })
  }

  /** One figure for each value of the attribute; the first 50 are told apart. */
  by(attribute: string): FigureSentence {
    return new FigureSentence({ ...this.data, by: attribute })
  }
}

/** What this reading comes to is shown, and judged by nobody. */
export function figure(of: Reading): FigureSentence {
  return new FigureSentence({ of: of.data })
}

/** By the name under which status and metrics show it. */
export type FiguresConfig = Readonly<Record<string, FigureSentence | FigureData>>

export function readFigures(config: FiguresConfig | undefined): Readonly<Record<string, FigureData>> {
  return Object.fromEntries(Object.entries(config ?? {}).map(([name, each]) => [name, dataOf(each, name)]))
}

const KEYS = ['of', 'in', 'by']
const EXAMPLE = '{ "of": { "reading": "increase", "of": "cache.lookups" } }'

/** By what it is made of: it may come from another copy of this package. */
function dataOf(given: FigureSentence | FigureData, name: string): FigureData {
  if (typeof given !== 'object' || given === null) {
    throw new Error(`The figure ${name} is ${shownValue(given)}, expected a figure, such as ${EXAMPLE}.`)
  }
  const data = 'data' in given ? given.data : given
  const strange = Object.keys(data).find((key) => !KEYS.includes(key))
  if (strange !== undefined)
    throw new Error(`The figure ${name} has ${shownValue(strange)}, which no figure has: it has ${KEYS.join(', ')}.`)
  for (const key of ['in', 'by'] as const) {
    if (data[key] === undefined || (typeof data[key] === 'string' && data[key] !== '')) continue
    throw new Error(`${key} of the figure ${name} is ${shownValue(data[key])}, expected a text that is not empty.`)
  }
  return { ...data, of: withRefs(data.of) }
}

/** Throws one sentence if it cannot be read. */
export function compileFigure(name: string, { of, in: unit, by }: FigureData, options: ContextOptions): Figure {
  const whose = `figure ${name}`
  checkReading(whose, of, 'of')
  if (of.reading === 'state' || of.reading === 'absent') {
    throw new Error(`The ${whose} reads ${of.reading}, which is no number: take another reading, or make it a rule.`)
  }
  const context = contextOf(whose, undefined, options)
  const reading = judgedReading({ when: of }, context)
  if (by !== undefined) checkedBy(by, of, context)
  const shown = unit === undefined ? undefined : unitOf(unit, reading.unit)
  if (unit !== undefined && !shown) {
    throw new Error(`The ${whose} is in ${shownValue(unit)}, which is no unit of a reading in ${reading.unit}.`)
  }
  return { name, needs: reading.needs, ...(by !== undefined && { by }), figure: (readings) => reading.figure(readings, shown) }
}
