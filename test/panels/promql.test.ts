import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { MetricDefinition } from '../../src/catalogue.ts'
import { series } from '../../src/panels/promql.ts'
import { parsePromql } from '../generate/promql.ts'

const LOOKUPS: MetricDefinition = { name: 'lookups', instrument: 'counter', unit: '{lookup}', description: '', attributes: {} }

test('whatever values are selected, it is one selector by the grammar of Prometheus', () => {
  const value = fc.string({ unit: 'grapheme-ascii', minLength: 1 })
  const values = fc.array(value, { minLength: 1 })
  const wanted = fc.oneof(value, values, fc.record({ not: fc.oneof(value, values) }))
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z][a-z.]{0,9}$/), wanted, { maxKeys: 3 }), (where) => {
      const { errors, selectors } = parsePromql(series(LOOKUPS, where, '', []))
      expect(errors).toEqual([])
      expect(selectors.map(({ metric }) => metric)).toEqual(['lookups_total'])
    }),
  )
})

test('alternatives are as they are written, each of them and nothing else', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), { minLength: 2, maxLength: 4 }), (values) => {
      const [first, ...others] = values
      const [, quoted] = /result=~(".*")\}$/.exec(series(LOOKUPS, { result: others }, '', []))!
      // As Prometheus does: the whole value must match.
      const selects = new RegExp(`^(?:${JSON.parse(quoted!) as string})$`)
      expect(others.every((value) => selects.test(value))).toBe(true)
      expect(selects.test(first!)).toBe(false)
    }),
  )
})
