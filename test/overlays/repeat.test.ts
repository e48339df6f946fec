import fc from 'fast-check'
import { expect, test } from 'vitest'

import { checkRepeat, windowsAfter } from '../../src/overlays/repeat.ts'

const BERLIN = 'Europe/Berlin'
const iso = (at: number) => new Date(at).toISOString().slice(0, 16)

interface Row {
  readonly why: string
  readonly every: string
  readonly hours: number
  readonly zone: string
  readonly now: string
  readonly is: readonly string[]
}

const ROWS: readonly Row[] = [
  {
    why: 'the next ones, at the time of clocks there',
    ...{ every: 'Sun 02:00', hours: 2, zone: BERLIN, now: '2026-11-30T00:00Z' },
    is: ['2026-12-06T01:00 2026-12-06T03:00', '2026-12-13T01:00 2026-12-13T03:00'],
  },
  {
    why: 'one that has begun is still one',
    ...{ every: 'Sun 02:00', hours: 2, zone: BERLIN, now: '2026-12-06T02:59Z' },
    is: ['2026-12-06T01:00 2026-12-06T03:00', '2026-12-13T01:00 2026-12-13T03:00'],
  },
  {
    why: 'one that began yesterday is still one',
    ...{ every: 'Sun 22:00', hours: 8, zone: BERLIN, now: '2026-12-07T04:59Z' },
    is: ['2026-12-06T21:00 2026-12-07T05:00', '2026-12-13T21:00 2026-12-14T05:00'],
  },
  {
    why: 'one that is over is none',
    ...{ every: 'Sun 02:00', hours: 2, zone: BERLIN, now: '2026-12-06T03:00Z' },
    is: ['2026-12-13T01:00 2026-12-13T03:00', '2026-12-20T01:00 2026-12-20T03:00'],
  },
  {
    why: 'in summer it is an hour earlier by UTC, and lasts as long',
    ...{ every: 'Sat 23:00', hours: 1, zone: BERLIN, now: '2027-03-25T00:00Z' },
    is: ['2027-03-27T22:00 2027-03-27T23:00', '2027-04-03T21:00 2027-04-03T22:00'],
  },
  {
    why: 'a time that clocks leap over begins when they have leapt',
    ...{ every: 'Sun 02:30', hours: 1, zone: BERLIN, now: '2027-03-27T00:00Z' },
    is: ['2027-03-28T01:30 2027-03-28T02:30', '2027-04-04T00:30 2027-04-04T01:30'],
  },
  {
    why: 'of a time that comes twice the first',
    ...{ every: 'Sun 02:30', hours: 1, zone: BERLIN, now: '2027-10-30T00:00Z' },
    is: ['2027-10-31T00:30 2027-10-31T01:30', '2027-11-07T01:30 2027-11-07T02:30'],
  },
  {
    why: 'several days, past the end of the week',
    ...{ every: 'Sat-Mon 10:00', hours: 1, zone: 'UTC', now: '2026-11-30T12:00Z' },
    is: ['2026-12-05T10:00 2026-12-05T11:00', '2026-12-06T10:00 2026-12-06T11:00'],
  },
  {
    why: 'named one by one',
    ...{ every: 'mon,wed 9:05', hours: 1, zone: 'UTC', now: '2026-11-30T12:00Z' },
    is: ['2026-12-02T09:05 2026-12-02T10:05', '2026-12-07T09:05 2026-12-07T10:05'],
  },
  {
    why: 'daily, where the day began long ago',
    ...{ every: 'daily 00:30', hours: 1, zone: 'Pacific/Kiritimati', now: '2026-11-29T10:00Z' },
    is: ['2026-11-29T10:30 2026-11-29T11:30', '2026-11-30T10:30 2026-11-30T11:30'],
  },
]

test.for(ROWS)('$every $zone: $why', ({ every, hours, zone, now, is }) => {
  const windows = windowsAfter({ every, forSeconds: hours * 3600, zone }, Date.parse(now), 2)
  expect(windows.map(([from, until]) => `${iso(from)} ${iso(until)}`)).toEqual(is)
})

test('always as many as wanted, in order, of the right length, and at the time of day there, whatever the zone and the season', () => {
  const zones = ['UTC', BERLIN, 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia']
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom('daily', 'Sun', 'Mon-Fri', 'tue,thu'),
      fc.nat(23),
      fc.nat(59),
      fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true }),
      (zone, days, hour, minute, date) => {
        const now = date.getTime()
        const every = `${days} ${hour}:${String(minute).padStart(2, '0')}`
        const windows = windowsAfter({ every, forSeconds: 3600, zone }, now, 5)
        expect(windows).toHaveLength(5)
        for (const [i, [from, until]] of windows.entries()) {
          expect(until - from).toBe(3_600_000)
          expect(until).toBeGreaterThan(i === 0 ? now : windows[i - 1]![1])
          const shown = new Date(from).toLocaleTimeString('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' })
          const [h = 0, m = 0] = shown.split(':').map(Number)
          // Where clocks leap over it, it is up to an hour later.
          expect((h * 60 + m - hour * 60 - minute + 1440) % 1440).toBeLessThanOrEqual(60)
        }
      },
    ),
    { numRuns: 300 },
  )
})

const WINDOW = 'expected days and a time such as "Sun 02:00", "Mon-Fri 22:30" or "daily 03:00".'
test.for([
  { change: { every: 'Sunday 02:00' }, says: `The maintenance window is every "Sunday 02:00", ${WINDOW}` },
  { change: { every: 'Sun 24:00' }, says: `The maintenance window is every "Sun 24:00", ${WINDOW}` },
  { change: { every: 'Sun' }, says: `The maintenance window is every "Sun", ${WINDOW}` },
  { change: { every: 'Mon-Wed-Fri 10:00' }, says: `The maintenance window is every "Mon-Wed-Fri 10:00", ${WINDOW}` },
  { change: { zone: 'Berlin' }, says: 'The time zone is "Berlin", expected an IANA name such as Europe/Berlin or UTC.' },
  { change: { forSeconds: 0 }, says: 'The maintenance window lasts 0 s, expected between 1 second and 7 days: such as 2h.' },
])('refused: $says', ({ change, says }) => {
  expect(() => checkRepeat({ every: 'Sun 02:00', forSeconds: 7200, zone: 'UTC', ...change })).toThrow(says)
})
