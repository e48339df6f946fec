/** Words and columns for people. Everything that came over the wire passes through `plain` before it reaches a terminal. */
import { stripVTControlCharacters, styleText } from 'node:util'
import type { Severity, Status } from '../types.ts'
import { cleanText } from '../wire/clean-text.ts'

type Style = Parameters<typeof styleText>[0]

/** Colours only where stdout is a terminal that wants them (NO_COLOR, FORCE_COLOR). */
export function coloured(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

/** One line in which nothing steers the terminal, and nothing is hidden or turned round. */
export function plain(text: string): string {
  return cleanText(text)
}

const STATUS_STYLES: Readonly<Record<Status | 'unknown', Style>> = {
  healthy: 'green',
  degraded: 'yellow',
  unhealthy: 'red',
  unknown: 'magenta',
}

export function statusText(status: Status | 'unknown'): string {
  return coloured(STATUS_STYLES[status], status)
}

export function severityText(severity: Severity): string {
  return coloured(severity === 'CRITICAL' ? 'red' : 'yellow', severity)
}

/** Columns as wide as their widest cell, two spaces apart; the last is not padded. */
export function columns(rows: readonly (readonly string[])[], indent: string = ''): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell))
  return rows.map(
    (row) => indent + row.map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat(widths[i]! - width(cell)))).join('  '),
  )
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length
}
