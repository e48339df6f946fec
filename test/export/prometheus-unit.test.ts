/** Names in Prometheus of whatever units services have. */
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { prometheusLabel, prometheusName } from '../../src/export/prometheus-name.ts'
import { unitWords } from '../../src/export/prometheus-unit.ts'

test.for([
  { why: 'time', unit: 'ms', words: ['milliseconds'] },
  { why: 'micro is a u', unit: 'us', words: ['microseconds'] },
  { why: 'minutes are not metres', unit: 'min', words: ['minutes'] },
  { why: 'hours', unit: 'h', words: ['hours'] },
  { why: 'days', unit: 'd', words: ['days'] },
  { why: 'percent', unit: '%', words: ['percent'] },
  { why: 'thousands of bytes, as Prometheus writes them', unit: 'KBy', words: ['kilobytes'] },
  { why: 'thousands of bytes, as UCUM writes them, which Prometheus does not know', unit: 'kBy', words: ['kBy'] },
  { why: 'millions of bytes', unit: 'MBy', words: ['megabytes'] },
  { why: 'binary multiples', unit: 'GiBy', words: ['gibibytes'] },
  { why: 'degrees', unit: 'Cel', words: ['celsius'] },
  { why: 'what is counted adds nothing', unit: '{request}', words: [] },
  { why: 'nor does a plain number', unit: '1', words: [] },
  { why: 'nor does no unit', unit: '', words: [] },
  { why: 'one per the other, in the singular', unit: 'By/s', words: ['bytes', 'per_second'] },
  { why: 'what is counted, per time', unit: '{request}/m', words: ['per_minute'] },
  { why: 'a unit of nobody is itself', unit: 'furlong', words: ['furlong'] },
  { why: 'without what no name may have', unit: 'm.s-2', words: ['m_s_2'] },
  { why: 'a property of every object is no unit', unit: 'constructor', words: ['constructor'] },
])('$why: $unit', ({ unit, words }) => {
  expect(unitWords(unit)).toEqual(words)
})

test.for([
  {
    why: 'a unit that the name says already is not said twice',
    metric: { name: 'cache.bytes', unit: 'By', instrument: 'observable_gauge' },
    name: 'cache_bytes',
  },
  {
    why: 'total is the end of a counter',
    metric: { name: 'total.reads', unit: 'MBy', instrument: 'counter' },
    name: 'reads_megabytes_total',
  },
  {
    why: 'ratio is the end of a gauge of plain numbers',
    metric: { name: 'ratio.of.hits', unit: '1', instrument: 'observable_gauge' },
    name: 'of_hits_ratio',
  },
  {
    why: 'an up-down counter of plain numbers is no ratio',
    metric: { name: 'hits', unit: '1', instrument: 'observable_up_down_counter' },
    name: 'hits',
  },
  { why: 'a rate as a gauge', metric: { name: 'disk.io', unit: 'By/s', instrument: 'observable_gauge' }, name: 'disk_io_bytes_per_second' },
] as const)('$why', ({ metric, name }) => {
  expect(prometheusName(metric)).toBe(name)
})

test('whatever the unit, the name is one that Prometheus has', () => {
  const instruments = fc.constantFrom('counter', 'histogram', 'observable_gauge', 'observable_up_down_counter')
  fc.assert(
    fc.property(fc.string(), instruments, (unit, instrument) => {
      expect(prometheusName({ name: 'a.b', unit, instrument })).toMatch(/^a_b(_[a-zA-Z0-9]+)*(__total|_)?$/)
    }),
  )
})

test.for([
  { why: 'what no label may have is _', attribute: 'cache.name-2', label: 'cache_name_2' },
  { why: 'no label begins with a digit', attribute: '2xx', label: 'key_2xx' },
  { why: 'nor with one _', attribute: '.kind', label: 'key_kind' },
  { why: 'two are left as they are', attribute: '__kind', label: '__kind' },
])('$why: $attribute', ({ attribute, label }) => {
  expect(prometheusLabel(attribute)).toBe(label)
})
