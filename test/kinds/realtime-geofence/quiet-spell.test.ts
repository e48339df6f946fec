import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { QuietSpell } from '../../../src/kinds/realtime-geofence/quiet-spell.ts'

const HOUR = 3_600_000
const LEARNED = 24 * HOUR

const spell = (startedAt = 0) => new QuietSpell({ learningMs: LEARNED, startedAt })

/** An event after so many reports, time after time. */
function events(quiet: QuietSpell, times: number, reports: number, each = 1): void {
  for (let time = 0; time < times; time++) {
    for (let report = 1; report < reports; report++) quiet.report(0)
    quiet.report(each)
  }
}

describe('nothing is known', () => {
  test('before the past is long enough', () => {
    const quiet = spell(5)
    events(quiet, 100, 10)
    expect(quiet.share(LEARNED + 4)).toBeUndefined()
    expect(quiet.share(LEARNED + 5)).toBe(0)
  })

  test.for([
    { why: 'there was no event', times: 0, each: 0 },
    { why: 'there were few events', times: 20, each: 1 },
    { why: 'they came from few reports, however many there were', times: 2, each: 1000 },
  ])('while $why', ({ times, each }) => {
    const quiet = spell()
    events(quiet, times, 10, each)
    for (let report = 0; report < 1000; report++) quiet.report(0)
    expect(quiet.share(LEARNED)).toBeUndefined()
  })
})

describe('quiet is held against the longest spell so far', () => {
  test('in reports, whatever the time between them', () => {
    const quiet = spell()
    events(quiet, 30, 10)
    events(quiet, 1, 40)
    for (let report = 0; report < 20; report++) quiet.report(0)
    expect(quiet.share(LEARNED)).toBe(0.5)
    for (let report = 0; report < 80; report++) quiet.report(0)
    expect([quiet.share(LEARNED), quiet.share(100 * LEARNED)]).toEqual([2.5, 2.5])
  })

  test('what came before the first event is no spell: nobody saw it begin', () => {
    const quiet = spell()
    events(quiet, 1, 5000)
    events(quiet, 20, 10)
    for (let report = 0; report < 20; report++) quiet.report(0)
    expect(quiet.share(LEARNED)).toBe(2)
  })

  test('an event ends it, and it is the measure from then on', () => {
    const quiet = spell()
    events(quiet, 30, 10)
    events(quiet, 1, 100)
    expect(quiet.share(LEARNED)).toBe(0)
    for (let report = 0; report < 50; report++) quiet.report(0)
    expect(quiet.share(LEARNED)).toBe(0.5)
  })

  test.for([
    { why: 'no number', events: Number.NaN },
    { why: 'below 0', events: -1 },
    { why: 'none at all', events: undefined as unknown as number },
  ])('a number of events that is $why is no event', ({ events: none }) => {
    const quiet = spell()
    events(quiet, 21, 10)
    quiet.report(none)
    expect(quiet.share(LEARNED)).toBe(0.1)
  })
})

test('whatever comes, the share is known or a finite number, and 0 right after an event', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(3), fc.double({ noNaN: false })), { maxLength: 300 }), (reports) => {
      const quiet = spell()
      let [spells, since, longest] = [-1, 0, 0]
      for (const n of reports) {
        quiet.report(n)
        since++
        if (n > 0) {
          if (++spells > 0) longest = Math.max(longest, since)
          since = 0
        }
        expect(quiet.share(LEARNED)).toBe(spells >= 20 ? since / longest : undefined)
      }
    }),
  )
})
