import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placement, retryDelayMs, tierByAge } from '../../examples/tracker-fetcher/schedule.ts'

const settings = { tierMoves: true, retryBaseMs: 30_000, retryCapMs: 1_800_000, retryMax: 6 }
const HOUR = 3_600_000
const state = { tier: 'hot', failures: 0, geofence: { inside: {} } } as const

describe('schedule', () => {
  test('a retry waits between nothing and base x 2^n, never longer than the cap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
        const delay = retryDelayMs(failures, settings, () => random)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(Math.min(1_800_000, 30_000 * 2 ** (failures - 1)))
      }),
    )
  })

  test.for([
    { why: 'a success goes back to its tier', failures: 0, tier: 'hot', after: 15 * 60_000 },
    { why: 'a failure goes to retry', failures: 1, tier: 'retry', after: 15_000 },
    { why: 'the sixth failure still does', failures: 6, tier: 'retry', after: 480_000 },
    { why: 'the seventh waits for its tier’s turn', failures: 7, tier: 'hot', after: 15 * 60_000 },
  ])('$why', ({ failures, tier, after }) => {
    const placed = placement('a', { ...state, failures }, settings, 1_000, () => 0.5)
    expect(placed.tier).toBe(tier)
    expect(placed.dueAt - 1_000).toBeCloseTo(after)
  })

  test('a retry is never earlier than the server asked for', () => {
    expect(placement('a', { ...state, failures: 1 }, settings, 0, () => 0, 60_000).dueAt).toBe(60_000)
  })

  test('a tracker fetched on demand only is not scheduled after a success, but is retried after a failure', () => {
    const onDemand = { failures: 0, geofence: { inside: {} } }
    expect(placement('a', onDemand, settings, 0, () => 0).tier).toBeUndefined()
    expect(placement('a', { ...onDemand, failures: 1 }, settings, 0, () => 0).tier).toBe('retry')
  })

  test.for([
    { why: 'seen within the hour', age: HOUR - 1, tier: 'hot' },
    { why: 'seen within the day', age: HOUR, tier: 'warm' },
    { why: 'silent for a day', age: 24 * HOUR, tier: 'cold' },
  ])('$why: $tier', ({ age, tier }) => {
    expect(tierByAge(100 * HOUR - age, 100 * HOUR)).toBe(tier)
  })
})
