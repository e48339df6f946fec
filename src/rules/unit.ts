/** Units of limits and readings: a limit is given in its own, and compared in that of the reading. */
import { shownValue } from './shown-value.ts'
import type { LimitText } from './rule-data.ts'

/** What one of a unit is in the first unit of its dimension. Names are UCUM's where it has one. */
const DIMENSIONS: readonly Readonly<Record<string, number>>[] = [
  { s: 1, ms: 0.001, us: 1e-6, min: 60, h: 3600, d: 86_400 },
  { By: 1, kBy: 1e3, MBy: 1e6, GBy: 1e9, KiBy: 1024, MiBy: 1024 ** 2, GiBy: 1024 ** 3 },
  { '%': 1, '1': 100 },
  { '/s': 1, '/min': 1 / 60, '/h': 1 / 3600, '/d': 1 / 86_400 },
  { x: 1 },
]

/** A limit, or a reading, as people see it. */
export interface ShownUnit {
  /** `percent`, `ms`, `items`. */
  readonly name: string
  /** ` %`, ` ms`, or nothing after a plain count. */
  readonly suffix: string
  /** What one of it is in the unit of the reading. */
  readonly factor: number
}

export interface Limit {
  /** In the unit of the reading. */
  readonly value: number
  /** As it was given. */
  readonly shown: number
  readonly unit: ShownUnit
}

const LIMIT = /^\s*(-?\d+(?:\.\d+)?(?:e-?\d+)?)\s*(\S*)\s*$/i

/** A plain number is in the unit of the first limit: 60 beside "45 min" is 60 minutes. */
export function inUnitOf(first: LimitText | undefined, given: LimitText): LimitText {
  const unit = typeof first === 'string' && typeof given === 'number' ? LIMIT.exec(first)?.[2] : undefined
  return unit ? `${given} ${unit}` : given
}

/** Throws one sentence if it is no limit, or in a unit that the reading does not have. */
export function limitOf(given: LimitText, reading: string, what: string): Limit {
  const [, number, unit = ''] = (typeof given === 'string' && LIMIT.exec(given)) || []
  const shown = typeof given === 'number' ? given : Number(number)
  if (!Number.isFinite(shown)) throw new Error(`${what} is ${shownValue(given)}, expected a number, or one with its unit such as "60 %".`)
  const shownUnit = unitOf(unit === '' ? reading : unit, reading)
  if (!shownUnit) throw new Error(`${what} is in ${unit}, expected ${namesOf(reading)}.`)
  return { value: shown * shownUnit.factor, shown, unit: shownUnit }
}

/** `undefined` if `unit` is no unit of what is measured in `reading`. */
export function unitOf(unit: string, reading: string): ShownUnit | undefined {
  const dimension = DIMENSIONS.find((each) => Object.hasOwn(each, reading))
  // A fraction is a level like any other, and a percentage of one.
  if (!dimension || reading === '1') return countUnit(unit, reading)
  const factor = dimension[unit]
  if (factor === undefined) return undefined
  return { name: unit === '%' ? 'percent' : unit, suffix: unit === '1' ? '' : ` ${unit}`, factor: factor / dimension[reading]! }
}

/** `{item}`, `item` and `items` are one. */
function countUnit(unit: string, reading: string): ShownUnit | undefined {
  if (reading === '1' && unit === '%') return { name: 'percent', suffix: ' %', factor: 0.01 }
  const thing = thingOf(reading)
  if (unit !== reading && thingOf(unit).replace(/s$/, '') !== thing.replace(/s$/, '')) return undefined
  return { name: thing, suffix: '', factor: 1 }
}

function thingOf(unit: string): string {
  return unit.replace(/^\{(.*)\}$/, '$1')
}

function namesOf(reading: string): string {
  const dimension = DIMENSIONS.find((each) => Object.hasOwn(each, reading))
  if (reading === '1') return '1 or %'
  if (!dimension) return thingOf(reading)
  const names = Object.keys(dimension)
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
