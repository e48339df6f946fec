/** Words and columns for people. Everything that came over the wire passes through `plain` before it reaches a terminal. */
// By a name of its own styleText would keep older versions of Node from loading this and saying that they are too old.
import util, { stripVTControlCharacters } from 'node:util'
import type { FoldedStatus } from '../subscribe/service-status.ts'
import type { Severity } from '../types.ts'
import { cleanText } from '../wire/clean-text.ts'

type Style = Parameters<typeof util.styleText>[0]

/** Colours only where stdout is a terminal that wants them (NO_COLOR, FORCE_COLOR). */
export function coloured(style: Style, text: string): string {
  return util.styleText(style, text, { stream: process.stdout })
}

/** One line in which nothing steers the terminal, and nothing is hidden or turned round. */
export function plain(text: string): string {
  return cleanText(text)
}

const STATUS_STYLES: Readonly<Record<FoldedStatus, Style>> = {
  healthy: 'green',
  degraded: 'yellow',
  unhealthy: 'red',
  stopped: 'blue',
  unknown: 'magenta',
}

export function statusText(status: FoldedStatus): string {
  return coloured(STATUS_STYLES[status], status)
}

export function severityText(severity: Severity): string {
  return coloured(severity === 'CRITICAL' ? 'red' : 'yellow', severity)
}

/** Narrower than this, the last column goes below the others. */
const NARROWEST = 24
/** By how much what goes on in the next line is indented. */
const HANGING = '    '

/**
 * Columns as wide as their widest cell, two spaces apart; the last is not padded. `width`: of the terminal, in characters, within which the
 * last column is broken between words.
 */
export function columns(rows: readonly (readonly string[])[], indent: string = '', width: number = Infinity): string[] {
  return rowsOf(rows, indent, width).flat()
}

/** The same, with the lines of each row by themselves. */
export function rowsOf(rows: readonly (readonly string[])[], indent: string = '', width: number = Infinity): string[][] {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.slice(0, -1).entries()) widths[i] = Math.max(widths[i] ?? 0, lengthOf(cell))
  return rows.map((row) => {
    const last = row.at(-1) ?? ''
    const before =
      indent +
      row
        .slice(0, -1)
        .map((cell, i) => `${cell}${' '.repeat(widths[i]! - lengthOf(cell))}  `)
        .join('')
    if (lengthOf(before) + lengthOf(last) <= width) return [`${before}${last}`.trimEnd()]
    const room = width - lengthOf(before)
    if (room < NARROWEST)
      return [...wrapped(before.trimEnd(), width, indent + HANGING), ...wrapped(last, width, indent + HANGING, indent + HANGING)]
    return wrapped(last, width, ' '.repeat(lengthOf(before)), before)
  })
}

/**
 * Lines of at most `width` characters, broken between words; a word that is longer is broken anywhere. `first` stands before the first line
 * and `indent` before the others.
 */
export function wrapped(text: string, width: number, indent: string = '', first: string = ''): string[] {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  const end = () => {
    lines.push(line.trimEnd())
    line = indent
    isEmpty = true
  }
  for (const word of text.split(/ +/)) {
    if (!isEmpty && lengthOf(line) + 1 + lengthOf(word) > width) end()
    const pieces = piecesOf(word, Math.max(width - lengthOf(line), 1), Math.max(width - lengthOf(indent), 1))
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) end()
      line += isEmpty ? piece : ` ${piece}`
      isEmpty = false
    }
  }
  end()
  return lines
}

/** A word in pieces that fit; one that does is left as it is, styles and all. */
function piecesOf(word: string, room: number, roomAfter: number): readonly string[] {
  if (lengthOf(word) <= room) return [word]
  const text = stripVTControlCharacters(word)
  const pieces = [text.slice(0, room)]
  for (let at = room; at < text.length; at += roomAfter) pieces.push(text.slice(at, at + roomAfter))
  return pieces
}

/** Of a line for a terminal, which would break what is longer. */
export function cut(line: string, width: number): string {
  return lengthOf(line) <= width ? line : `${stripVTControlCharacters(line).slice(0, width - 1)}…`
}

function lengthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}
