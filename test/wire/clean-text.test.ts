import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cleanJson, cleanLines, cleanText } from '../../src/wire/clean-text.ts'

test.for([
  { why: 'plain words', text: 'Anisette is gone: 20 % of 7', is: 'Anisette is gone: 20 % of 7' },
  { why: 'letters of any script', text: 'Zürich 東京 🚚', is: 'Zürich 東京 🚚' },
  { why: 'colours and titles', text: 'a\u001b[31mred\u001b]0;title\u0007', is: 'ared' },
  { why: 'C0', text: 'a\u0000b\r\nc\td', is: 'a b c d' },
  { why: 'DEL', text: 'a\u007fb', is: 'a b' },
  { why: 'C1', text: 'a\u0085b\u0090c', is: 'a b c' },
  { why: 'what turns round', text: 'a\u202eb\u2066c\u200fd\u061ce', is: 'abcde' },
  { why: 'what has no width', text: 'pay\u200bpal\ufeff\u2060', is: 'paypal' },
  { why: 'tags', text: 'a\u{e0041}b', is: 'ab' },
  { why: 'line ends of others', text: 'a\u2028b\u2029c', is: 'a b c' },
  { why: 'half a character', text: 'a\ud800', is: 'a\ufffd' },
])('$why', ({ text, is }) => {
  expect(cleanText(text)).toBe(is)
})

test('our own lines stay lines', () => {
  expect(cleanLines('Usage:\n  a\u001b[2J')).toBe('Usage:\n  a')
})

const UNCLEAN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

test('whatever the text, nothing is left', () => {
  const isClean = fc.property(fc.string({ unit: 'binary' }), (text) => !UNCLEAN.test(cleanText(text)))
  expect(fc.check(isClean)).toMatchObject({ failed: false, counterexample: null })
})

test('JSON is one clean line that means what it meant', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const json = cleanJson(value)
      expect(json).not.toMatch(UNCLEAN)
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})
