/**
 * A source map at the end of a text, as transpilers on the fly put it there, after something was put into lines of the text: what is
 * behind it in the same line is looked up further on.
 */

export interface Insertion {
  /** In the unchanged text. */
  readonly at: number
  readonly length: number
}

const INLINE_MAP = /^(\/\/# sourceMappingURL=data:application\/json[^,\n]*;base64,)([\w+/=]+)[^\S\n]*$/gmu

/** `text`: after the insertions, and maybe with lines of our own behind all of them; `original`: before. A map that is not understood stays as it is. */
export function withShiftedMap(text: string, original: string, insertions: readonly Insertion[]): string {
  const moving = insertions.filter(({ at, length }) => length !== 0 && /\S/u.test(original.slice(at).split('\n', 1)[0]!))
  const found = moving.length === 0 ? undefined : [...text.matchAll(INLINE_MAP)].at(-1)
  if (!found) return text
  try {
    const map = JSON.parse(Buffer.from(found[2]!, 'base64').toString()) as { mappings?: unknown }
    if (typeof map.mappings !== 'string') return text
    const lines = map.mappings.split(';')
    for (const { at, length } of moving.toSorted((a, b) => b.at - a.at)) {
      const before = original.slice(0, at)
      const line = before.split('\n').length - 1
      lines[line] = shifted(lines[line] ?? '', at - (before.lastIndexOf('\n') + 1), length)
    }
    const shiftedMap = Buffer.from(JSON.stringify({ ...map, mappings: lines.join(';') })).toString('base64')
    return `${text.slice(0, found.index)}${found[1]}${shiftedMap}${text.slice(found.index + found[0].length)}`
  } catch {
    return text
  }
}

/** Columns are told as what they are more than the one before: the first behind the place is so much more. */
function shifted(line: string, column: number, length: number): string {
  const segments = line.split(',')
  let at = 0
  for (const [index, segment] of segments.entries()) {
    const [delta, rest] = firstNumber(segment)
    at += delta
    if (at < column || segment === '') continue
    segments[index] = encoded(delta + length) + rest
    break
  }
  return segments.join(',')
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** A base 64 variable-length quantity: five bits a digit, the lowest first, the lowest of all the sign. */
function firstNumber(segment: string): [value: number, rest: string] {
  let value = 0
  for (let i = 0; i < segment.length; i++) {
    const digit = DIGITS.indexOf(segment[i]!)
    value += (digit & 31) * 2 ** (5 * i)
    if (digit < 32) return [value % 2 === 1 ? -(value - 1) / 2 : value / 2, segment.slice(i + 1)]
  }
  return [0, segment]
}

function encoded(value: number): string {
  let left = value < 0 ? -value * 2 + 1 : value * 2
  let digits = ''
  do {
    const digit = left % 32
    left = Math.floor(left / 32)
    digits += DIGITS[left > 0 ? digit + 32 : digit]!
  } while (left > 0)
  return digits
}
