import { expect, test, vi } from 'vitest'

import { type Finding, isToldLater, labelled, ok, plainVerdict } from '../../src/judge/verdicts.ts'

const finding = { message: 'all is well', value: { current: 1, threshold: 2, unit: 'x' } }

test('what is well is put together when it is read, once', () => {
  const tell = vi.fn<() => Finding>(() => finding)
  const verdict = ok('r', tell)
  const withLabels = labelled(verdict, { peer: 'a' })
  expect(tell).not.toHaveBeenCalled()
  expect(withLabels).toMatchObject({ rule: 'r', kind: 'ok', labels: { peer: 'a' }, ...finding })
  expect(verdict).toMatchObject({ rule: 'r', kind: 'ok', ...finding })
  expect(tell).toHaveBeenCalledTimes(1)
})

test.for([
  { why: 'told at once', verdict: ok('r', finding), plain: { rule: 'r', kind: 'ok', ...finding }, later: false },
  { why: 'told later', verdict: ok('r', () => finding), plain: { rule: 'r', kind: 'ok', ...finding }, later: true },
  {
    why: 'told later, with labels',
    verdict: labelled(
      ok('r', () => finding),
      { peer: 'a' },
    ),
    plain: { rule: 'r', kind: 'ok', labels: { peer: 'a' }, ...finding },
    later: true,
  },
])('as plain data it has all that it says: $why', ({ verdict, plain, later }) => {
  expect(isToldLater(verdict)).toBe(later)
  expect(JSON.parse(JSON.stringify(plainVerdict(verdict)))).toEqual(plain)
  expect({ ...plainVerdict(verdict) }).toEqual(plain)
})
