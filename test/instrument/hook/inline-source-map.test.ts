import { SourceMap } from 'node:module'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { withShiftedMap } from '../../../src/instrument/hook/inline-source-map.ts'

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** A base 64 variable-length quantity, as the specification of source maps has it. */
function quantity(value: number): string {
  const signed = value < 0 ? (-value << 1) | 1 : value << 1
  const fives = signed
    .toString(2)
    .padStart(Math.ceil(signed.toString(2).length / 5) * 5, '0')
    .match(/.{5}/g)!
    .toReversed()
  return fives.map((five, index) => DIGITS[Number.parseInt(five, 2) + (index < fives.length - 1 ? 32 : 0)]).join('')
}

/** Every character of a line is at the same place of the original, ten lines further down. */
function mapOf(lines: readonly string[]): string {
  let line = 0
  let column = 0
  return lines
    .map((text, index) =>
      text
        .split('')
        .map((_, at) => {
          const segment = [at === 0 ? 0 : 1, 0, index + 10 - line, at - column].map(quantity).join('')
          line = index + 10
          column = at
          return segment
        })
        .join(','),
    )
    .join(';')
}

const withMap = (lines: readonly string[], mappings: string): string =>
  `${lines.join('\n')}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${Buffer.from(JSON.stringify({ version: 3, sources: ['a.ts'], names: [], mappings })).toString('base64')}\n`

const mapIn = (text: string): SourceMap =>
  new SourceMap(JSON.parse(Buffer.from(/base64,(.*)/.exec(text)![1]!, 'base64').toString()) as ConstructorParameters<typeof SourceMap>[0])

test('whatever is put into lines, each character is looked up where it came from', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'b', ';'), maxLength: 40 })
  const insertion = fc.record({ line: fc.nat(5), column: fc.nat(40), length: fc.integer({ min: 1, max: 200 }) })
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 6 }),
      fc.uniqueArray(insertion, { selector: ({ line: l, column }) => `${l}:${column}`, maxLength: 5 }),
      (lines, places) => {
        const original = withMap(lines, mapOf(lines))
        const inside = places.filter(({ line: l, column }) => l < lines.length && column <= lines[l]!.length)
        const startOf = (index: number): number => lines.slice(0, index).join('\n').length + (index > 0 ? 1 : 0)
        const insertions = inside.map(({ line: l, column, length }) => ({ at: startOf(l) + column, length }))
        let text = original
        for (const { at, length } of insertions.toSorted((a, b) => b.at - a.at))
          text = text.slice(0, at) + '+'.repeat(length) + text.slice(at)
        const map = mapIn(withShiftedMap(text, original, insertions))
        for (const [index, characters] of lines.entries()) {
          for (const column of characters.split('').keys()) {
            const moved = inside
              .filter(({ line: l, column: c }) => l === index && c <= column)
              .reduce((sum, { length }) => sum + length, column)
            expect(map.findEntry(index, moved)).toMatchObject({ originalLine: index + 10, originalColumn: column })
          }
        }
      },
    ),
    { numRuns: 100 },
  )
})

test.for([
  { why: 'there is none', text: 'main()\n' },
  { why: 'it is in a file of its own', text: 'main()\n//# sourceMappingURL=main.js.map\n' },
  { why: 'it is no JSON', text: 'main()\n//# sourceMappingURL=data:application/json;base64,AAAA\n' },
  {
    why: 'it has no mappings',
    text: `main()\n//# sourceMappingURL=data:application/json;base64,${Buffer.from('{}').toString('base64')}\n`,
  },
])('the text stays as it is where $why', ({ text }) => {
  expect(withShiftedMap(`;f();${text}`, text, [{ at: 0, length: 5 }])).toBe(`;f();${text}`)
})
