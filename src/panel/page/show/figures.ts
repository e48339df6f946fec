/** Figures as people read them. Pure. */
import { duration } from '../../../subscribe/duration.ts'
import type { KeyFigure } from '../../protocol.ts'

/** What stands where nothing is known: never 0. */
export const NOTHING = '–'

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })
const three = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 })
const tenths = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 })
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 })

/** `1,234`, `0.37`, `12.5`, and from a hundred thousand on `123K`. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return NOTHING
  const size = Math.abs(value)
  if (size >= 100_000) return compact.format(value)
  return size >= 100 ? whole.format(value) : three.format(value)
}

/** `350 ms`, `1.2 s`, `3 min`. */
export function milliseconds(value: number): string {
  if (value < 1000) return `${number(value)} ms`
  return value < 60_000 ? `${three.format(value / 1000)} s` : duration(value)
}

export function keyFigure(figure: KeyFigure, value: number | null): string {
  if (value === null) return NOTHING
  if (figure === 'success') return percent(value)
  return figure === 'p95' ? milliseconds(value) : number(value)
}

/** What is not all is not shown as 100. */
export function percent(value: number): string {
  if (value > 99.9 && value < 100) return '99.9 %'
  return `${tenths.format(Math.floor(value * 10 + 1e-6) / 10)} %`
}

/** A value with its unit, as messages have it: `ms`, `s`, `%`, `/h`, or a word. */
export function withUnit(value: number | string | null | undefined, unit: string | undefined): string {
  if (value === null || value === undefined) return NOTHING
  if (typeof value === 'string') return value
  if (unit === 'ms') return milliseconds(value)
  if (unit === 's') return value < 60 ? `${number(value)} s` : duration(value * 1000)
  if (unit === '%' || unit === 'percent') return percent(value)
  return unit === undefined || unit === '' || unit === '1' ? number(value) : `${number(value)} ${unit}`
}
