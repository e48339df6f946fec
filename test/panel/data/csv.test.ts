import fc from 'fast-check'
import { expect, test } from 'vitest'

import { csvLine } from '../../../src/panel/data/csv.ts'

test.for([
  ['plain', 'plain'],
  [5, '5'],
  [-5, '-5'],
  [true, 'true'],
  [null, ''],
  ['a,b', '"a,b"'],
  ['say "so"', '"say ""so"""'],
  ['two\nlines', '"two\nlines"'],
  ['=HYPERLINK("http://evil")', `"'=HYPERLINK(""http://evil"")"`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', `"'\r=1"`],
  ['a=1', 'a=1'],
] as const)('%j is written as %j', ([cell, text]) => {
  expect(csvLine([cell])).toBe(`${text}\r\n`)
})

test('whatever is written is read back as it was, but for the mark before a formula', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '=', '-', ' ', "'") }), { minLength: 1 }),
      (cells) => {
        const marked = cells.map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell))
        expect(parse(csvLine(cells))).toEqual(marked)
      },
    ),
  )
})

/** RFC 4180, of one line. */
function parse(line: string): readonly string[] {
  const cells: string[] = []
  let rest = line.slice(0, -2)
  for (;;) {
    const [, quoted, bare] = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?=,|$)/.exec(rest)!
    cells.push(quoted === undefined ? bare! : quoted.replaceAll('""', '"'))
    const length = quoted === undefined ? bare!.length : quoted.length + 2
    if (rest.length === length) return cells
    rest = rest.slice(length + 1)
  }
}
