import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { ERROR_TYPE } from '../../src/catalogue.ts'
import { CellStore } from '../../src/record/cells.ts'
import { Tallies } from '../../src/record/tallies.ts'
import { counter, gauge, histogram, upDownCounter } from '../../src/rules/metric-ref.ts'
import type { TallySentence } from '../../src/rules/tally.ts'
import { into, tallyOf } from '../../src/rules/tally.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const visits = counter('visits', { unit: '{visit}', attributes: { kind: ['walk', 'ride'], place: [], [ERROR_TYPE]: [] } })
const lengths = histogram('length', { unit: 's', attributes: { kind: ['walk', 'ride'] }, bounds: [1, 60] })
const warmth = gauge('warmth', { unit: 'Cel' })
const open = upDownCounter('open', { unit: '{gate}' })

/** Records of one meaning, and what was counted of them: `walk: 2` by the values of their attributes. */
function recorder(...sentences: readonly TallySentence[]) {
  const store = new CellStore(new VirtualClock())
  const dropped: string[] = []
  const known = sentences.map(({ data }) => tallyOf(data, 'visit', new Map()))
  const tallies = new Tallies(store, 'visit', known, (what) => void dropped.push(what))
  const read = (metric: string): Record<string, number> =>
    Object.fromEntries(
      store
        .samples(new Set([metric]))
        .map(({ series, kind, value }) => [Object.values(series.attributes).join(' '), kind === 'histogram' ? value.sum : value]),
    )
  const total = () => store.samples().reduce((all, { kind, value }) => all + (kind === 'histogram' ? value.count : value), 0)
  return { add: (fields: unknown) => tallies.add(fields as Record<string, unknown>), read, total, dropped, store }
}

describe('a record adds to its metrics', () => {
  test.for<{ why: string; said: TallySentence; fields: object; counted: Record<string, number> }>([
    { why: '1 where it says nothing else', said: into(visits), fields: {}, counted: { '': 1 } },
    { why: 'as much as a field says', said: into(visits).of('n'), fields: { n: 7 }, counted: { '': 7 } },
    { why: 'as much as a list is long', said: into(visits).of('people'), fields: { people: ['a', 'b'] }, counted: { '': 2 } },
    { why: 'nothing where the field is not there', said: into(visits).of('n'), fields: {}, counted: {} },
    { why: 'nothing where the field is null', said: into(visits).of('n'), fields: { n: null }, counted: {} },
    { why: 'by a value of the list', said: into(visits).by('kind', 'kind'), fields: { kind: 'walk' }, counted: { walk: 1 } },
    {
      why: 'a value that the metric does not list is one',
      said: into(visits).by('kind', 'kind'),
      fields: { kind: 'swim' },
      counted: { _OTHER: 1 },
    },
    { why: 'without the attribute where the field is not there', said: into(visits).by('kind', 'kind'), fields: {}, counted: { '': 1 } },
    { why: 'a number or a truth as a text', said: into(visits).by('place', 'at'), fields: { at: 12 }, counted: { 12: 1 } },
    { why: 'what is no text is no value', said: into(visits).by('place', 'at'), fields: { at: { x: 1 } }, counted: { '': 1 } },
    { why: 'a name in a form that can be one', said: into(visits).by('place', 'at'), fields: { at: 'St Ives' }, counted: { St_Ives: 1 } },
    {
      why: 'a message is no error type',
      said: into(visits).by(ERROR_TYPE, 'why'),
      fields: { why: 'the key 1234 is wrong' },
      counted: { _OTHER: 1 },
    },
    {
      why: 'each entry of a list for itself',
      said: into(visits).each('visits').by('kind', 'kind'),
      fields: { visits: [{ kind: 'walk' }, { kind: 'ride' }, { kind: 'walk' }] },
      counted: { walk: 2, ride: 1 },
    },
    { why: 'nothing of an empty list', said: into(visits).each('visits'), fields: { visits: [] }, counted: {} },
    { why: 'nothing of a list that is not there', said: into(visits).each('visits'), fields: {}, counted: {} },
    {
      why: 'with attributes that are always the same',
      said: into(visits.where({ kind: 'walk' }))
        .by('place', 'at')
        .of('n'),
      fields: { at: 'park', n: 2 },
      counted: { 'walk park': 2 },
    },
  ])('$why', ({ said, fields, counted }) => {
    const { add, read, dropped } = recorder(said)
    add(fields)
    expect([read('visits'), dropped]).toEqual([counted, []])
  })

  test('a histogram records in its own unit, entry by entry', () => {
    const { add, read, store } = recorder(into(lengths).each('visits').of('ms', 'ms').by('kind', 'kind'))
    add({ visits: [{ kind: 'walk', ms: 500 }, { kind: 'walk', ms: 90_000 }, { kind: 'ride' }] })
    expect(read('length')).toEqual({ walk: 90.5 })
    expect(store.samples()).toMatchObject([{ value: { counts: [1, 0, 1], count: 2 } }])
  })

  test('a gauge and an up-down counter are set', () => {
    const { add, read, dropped } = recorder(into(warmth).of('celsius'), into(open).of('gates'))
    add({ celsius: 21.5, gates: 3 })
    add({ celsius: 4, gates: ['a'] })
    expect([read('warmth'), read('open'), dropped]).toEqual([{ '': 4 }, { '': 1 }, []])
  })

  test('several metrics of one record', () => {
    const { add, read } = recorder(into(visits).by('kind', 'kind'), into(lengths).of('s').by('kind', 'kind'))
    add({ kind: 'walk', s: 30 })
    add({ kind: 'walk' })
    expect([read('visits'), read('length')]).toEqual([{ walk: 2 }, { walk: 30 }])
  })

  test('the first 50 names and 30 error types are told apart, and nothing is lost in the sum', () => {
    const { add, read } = recorder(into(visits).by('place', 'at'), into(counter('errors', { unit: '{error}' })).by(ERROR_TYPE, 'why'))
    for (let n = 0; n < 200; n++) add({ at: `place-${n}`, why: `E${n}` })
    expect([Object.keys(read('visits')).length, read('visits')['_OTHER']]).toEqual([51, 150])
    expect([Object.keys(read('errors')).length, read('errors')['_OTHER']]).toEqual([31, 170])
  })
})

describe('what cannot be added is dropped, and said', () => {
  test.for<{ why: string; said: TallySentence; fields: unknown; dropped: readonly string[] }>([
    { why: 'a text', said: into(visits).of('n'), fields: { n: '7' }, dropped: ['n of visit that is no amount'] },
    { why: 'no number', said: into(visits).of('n'), fields: { n: Number.NaN }, dropped: ['n of visit that is no amount'] },
    { why: 'what a counter cannot count', said: into(visits).of('n'), fields: { n: -1 }, dropped: ['n of visit that is no amount'] },
    { why: 'a time below 0', said: into(lengths).of('s'), fields: { s: -1 }, dropped: ['s of visit that is no amount'] },
    {
      why: 'a level below 0, which no share, size or time is',
      said: into(warmth).of('c'),
      fields: { c: -4 },
      dropped: ['c of visit that is no amount'],
    },
    { why: 'a list that is none', said: into(visits).each('all'), fields: { all: 3 }, dropped: ['all of visit that is no list'] },
    {
      why: 'some entries of a list',
      said: into(lengths).each('all').of('s'),
      fields: { all: [{ s: 1 }, { s: 'x' }, { s: -2 }] },
      dropped: ['s of visit that is no amount', 's of visit that is no amount'],
    },
    {
      why: 'what throws when it is looked at',
      said: into(visits).of('n'),
      fields: {
        get n(): number {
          throw new Error('not now')
        },
      },
      dropped: ['a record of visit that cannot be read'],
    },
    { why: 'no record at all', said: into(visits).of('n'), fields: undefined, dropped: ['a record of visit that cannot be read'] },
  ])('$why', ({ said, fields, dropped: expected }) => {
    const { add, dropped } = recorder(said)
    add(fields)
    expect(dropped).toEqual(expected)
  })

  test('one metric that cannot be added to keeps no other from it', () => {
    const { add, read, dropped } = recorder(into(lengths).of('s'), into(visits))
    add({ s: 'long' })
    expect([read('visits'), read('length'), dropped]).toEqual([{ '': 1 }, {}, ['s of visit that is no amount']])
  })
})

describe('whatever JSON a record is', () => {
  const isAmount = (value: unknown) => typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
  const value = fc.oneof(
    fc.jsonValue(),
    fc.integer(),
    fc.double(),
    fc.constantFrom('walk', 'ride', 'swim', '', '__proto__', '_OTHER', null),
  )
  const entry = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('kind', 'at', 'n', '__proto__'), value))
  const record = fc.dictionary(fc.constantFrom('entries', 'n', 'kind', 'at'), fc.oneof(value, fc.array(entry)))

  test('every entry is counted once or dropped once', () => {
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const { add, total, dropped } = recorder(into(visits).each('entries').by('kind', 'kind').by('place', 'at'))
        for (const each of records) add(each)
        const lists = records.map(({ entries }) => entries).filter((list) => list !== undefined && list !== null)
        expect(total()).toBe(lists.filter(Array.isArray).flat(1).length)
        expect(dropped).toHaveLength(lists.filter((list) => !Array.isArray(list)).length)
      }),
    )
  })

  test('amounts add up, and what is none is dropped', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ n: value, kind: value, at: value }, { requiredKeys: [] })), (records) => {
        const { add, total, dropped } = recorder(into(visits).of('n').by('kind', 'kind').by('place', 'at'))
        for (const each of records) add(each)
        const amounts = records.map(({ n }) => (Array.isArray(n) ? n.length : n)).filter((n) => n !== undefined && n !== null)
        expect(total()).toBeCloseTo(amounts.filter(isAmount).reduce<number>((all, n) => all + (n as number), 0))
        expect(dropped).toHaveLength(amounts.filter((n) => !isAmount(n)).length)
      }),
    )
  })

  test('attributes have values that are listed, or have a form and a number', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(value, fc.string())), (values) => {
        const { add, total, store } = recorder(into(visits).by('kind', 'v').by('place', 'v').by(ERROR_TYPE, 'v'))
        for (const v of values) add({ v })
        for (const { series } of store.samples()) {
          const { kind = 'walk', place = 'x', [ERROR_TYPE]: error = 'x' } = series.attributes
          expect(['walk', 'ride', '_OTHER']).toContain(kind)
          expect([place, error].every((text) => /^[A-Za-z0-9_.:-]{1,64}$/.test(text))).toBe(true)
        }
        expect(total()).toBe(values.length)
      }),
    )
  })

  test('anything at all throws nothing', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true, withSparseArray: true }), (fields) => {
        const { add } = recorder(
          into(visits).each('entries').of('n').by('kind', 'kind'),
          into(warmth).of('length'),
          into(lengths).of('size'),
        )
        expect(() => add(fields)).not.toThrow()
      }),
    )
  })
})
