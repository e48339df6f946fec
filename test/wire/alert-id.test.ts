import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alertId } from '../../src/wire/alert-id.ts'

const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
const sorted = (labels: Readonly<Record<string, string>>) =>
  JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))))

test.for([
  { why: 'without labels it is rule and service', id: alertId('r', 's'), of: ['r', 's'] },
  { why: 'no labels are none', id: alertId('r', 's', {}), of: ['r', 's'] },
  {
    why: 'labels count by name',
    id: alertId('r', 's', { b: '2', a: '1' }),
    of: [
      'r',
      's',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
  },
])('identity of an alert: $why', ({ id, of }) => {
  expect(id).toBe(hash(of))
})

test('the same labels in another order are the same alert, other labels another', () => {
  const labels = fc.dictionary(fc.string(), fc.string(), { maxKeys: 5 })
  fc.assert(
    fc.property(labels, labels, (one, other) => {
      expect(alertId('r', 's', Object.fromEntries(Object.entries(one).toReversed()))).toBe(alertId('r', 's', one))
      const same = sorted(one) === sorted(other)
      expect(alertId('r', 's', other) === alertId('r', 's', one)).toBe(same)
    }),
  )
})
