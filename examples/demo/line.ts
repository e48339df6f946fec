import type { Tone } from './feed.ts'
import { printable } from './printable.ts'

export type Style = Tone | 'bold' | 'dim' | 'title'

/** A piece of a line, in one style. */
export type Piece = readonly [text: string, style?: Style]
export type Line = readonly Piece[]

/** SGR codes. */
const CODES: Readonly<Record<Style, string>> = { plain: '', bold: '1', dim: '2', title: '1;7', good: '32', warning: '33', bad: '1;31' }

/** At most `width` characters of the line, with escape codes for its styles and none of its own. */
export function paint(line: Line, width: number): string {
  let left = width
  let painted = ''
  for (const [text, style = 'plain'] of line) {
    const characters = Array.from(printable(text))
    const cut = characters.length > left && left > 0
    const shown = cut ? [...characters.slice(0, left - 1), '…'] : characters.slice(0, left)
    left -= shown.length
    painted += CODES[style] && shown.length > 0 ? `\x1b[${CODES[style]}m${shown.join('')}\x1b[0m` : shown.join('')
  }
  return painted
}

export function lengthOf(line: Line): number {
  return line.reduce((sum, [text]) => sum + Array.from(text).length, 0)
}

/** The line cut or filled up to `width` characters, the last of them a space. */
export function column(line: Line, width: number): Line {
  const kept = crop(line, width - 1)
  return [...kept, [' '.repeat(width - lengthOf(kept))]]
}

/** `left` and `right` at the two ends of a line of `width` characters; `left` gives way. */
export function spread(left: Line, right: Line, width: number): Line {
  return [...column(left, Math.max(1, width - lengthOf(right))), ...right]
}

function crop(line: Line, width: number): Line {
  let left = width
  return line.map(([text, style = 'plain']): Piece => {
    const characters = Array.from(text)
    const shown = characters.length > left ? [...characters.slice(0, Math.max(0, left - 1)), ...(left > 0 ? ['…'] : [])] : characters
    left -= shown.length
    return [shown.join(''), style]
  })
}

/** Words broken into lines of at most `width` characters, at most `most` of them. */
export function wrap(text: string, width: number, most: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else if (lines.length < most) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
