import fc from 'fast-check'
import { expect, test } from 'vitest'

import { matches, parseMatcher } from '../../../src/overlays/matcher.ts'
import { matchersFor } from '../../../src/panel/page/actions/matchers-for.ts'
import type { AlertRow } from '../../../src/panel/protocol.ts'
import { alertRow } from './rows.ts'

test('a few alerts are matched each alone, labels and all', () => {
  const alerts = [alertRow({ id: '1', labels: { queue: 'a*b,c' } }), alertRow({ id: '2', service: 'geocoder' })]
  expect(matchersFor(alerts)).toEqual(['service=fetcher,rule=large_queue,label.queue=a\\*b\\,c', 'service=geocoder,rule=large_queue'])
})

test('of too many for that whole services, then whole rules, then all', () => {
  const many = (of: (i: number) => Partial<AlertRow>): AlertRow[] =>
    Array.from({ length: 30 }, (_, i) => alertRow({ id: String(i), ...of(i) }))
  expect(matchersFor(many((i) => ({ rule: `r${i}` })))).toEqual(['service=fetcher'])
  expect(matchersFor(many((i) => ({ service: `s${i}` })))).toEqual(['rule=large_queue'])
  expect(matchersFor(many((i) => ({ service: `s${i}`, rule: `r${i}` })))).toEqual(['*'])
})

test('whatever stands in a name, the matchers are right and match what was chosen', () => {
  const text = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'B', '*', ',', '\\', '=', '.') })
  const alert = fc
    .record({ service: text, rule: text, value: text })
    .map(({ service, rule, value }, i = 0) => alertRow({ id: String(i), service, rule, labels: { check: value } }))
  fc.assert(
    fc.property(fc.array(alert, { minLength: 1, maxLength: 12 }), alert, (chosen, stranger) => {
      const matchers = matchersFor(chosen).map(parseMatcher)
      const isMatched = (row: AlertRow): boolean => matchers.some((matcher) => matches(matcher, { ...row, alert_id: row.id }))
      expect(chosen.every(isMatched)).toBe(true)
      const key = ({ service, rule, labels }: AlertRow): string => JSON.stringify([service, rule, labels])
      const isEachAlone = new Set(chosen.map(key)).size <= 10
      if (isEachAlone && !chosen.map(key).includes(key(stranger))) expect(isMatched(stranger)).toBe(false)
    }),
  )
})
