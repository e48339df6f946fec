import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { PERIODS, QuotaUse } from '../../../src/kinds/geocoding/quota.ts'

const { minute: MINUTE, hour: HOUR, day: DAY } = PERIODS
const MIDNIGHT = Date.UTC(2026, 10, 22)
const CERTAIN = 0.8

/** So many calls at one time. */
function counted(use: QuotaUse, calls: number, at: number): void {
  for (let call = 0; call < calls; call++) use.count(at)
}

describe('a process that begins with the period', () => {
  test.for([
    { per: 'minute', length: MINUTE },
    { per: 'hour', length: HOUR },
    { per: 'day', length: DAY },
  ] as const)('knows what is used of each $per of UTC, and begins again with the next', ({ per, length }) => {
    const use = new QuotaUse({ requests: 100, per }, MIDNIGHT)
    expect(use.usage(MIDNIGHT, CERTAIN)).toBe(0)
    counted(use, 30, MIDNIGHT + length / 2)
    expect(use.usage(MIDNIGHT + length - 1, CERTAIN)).toBe(0.3)
    expect(use.usage(MIDNIGHT + length, CERTAIN)).toBe(0)
    counted(use, 5, MIDNIGHT + 7 * length)
    expect(use.usage(MIDNIGHT + 7 * length, CERTAIN)).toBe(0.05)
  })

  test('more may be used than there is, where the provider lets it', () => {
    const use = new QuotaUse({ requests: 10, per: 'day' }, MIDNIGHT)
    counted(use, 25, MIDNIGHT)
    expect(use.usage(MIDNIGHT, CERTAIN)).toBe(2.5)
  })
})

describe('a process that begins in the midst of a period', () => {
  const NOON = MIDNIGHT + DAY / 2
  const begun = () => new QuotaUse({ requests: 100, per: 'day' }, NOON)

  test('does not know what was used before it, and does not say that little is', () => {
    const use = begun()
    expect(use.usage(NOON, CERTAIN)).toBeUndefined()
    counted(use, 79, NOON + HOUR)
    expect(use.usage(NOON + HOUR, CERTAIN)).toBeUndefined()
  })

  test('knows that it is nearly used where that is certain by what it counted itself', () => {
    const use = begun()
    counted(use, 80, NOON)
    expect(use.usage(NOON, CERTAIN)).toBe(0.8)
    counted(use, 60, NOON)
    expect(use.usage(NOON, CERTAIN)).toBe(1.4)
  })

  test('knows all of the next period, in which no call has to be made', () => {
    const use = begun()
    counted(use, 90, NOON)
    expect(use.usage(MIDNIGHT + DAY, CERTAIN)).toBe(0)
    counted(use, 1, MIDNIGHT + DAY)
    expect(use.usage(MIDNIGHT + DAY, CERTAIN)).toBe(0.01)
  })

  test('knows it when the provider says it, and counts on from there until the period ends', () => {
    const use = begun()
    counted(use, 10, NOON)
    use.told(0.5, NOON)
    expect(use.usage(NOON, CERTAIN)).toBe(0.5)
    counted(use, 3, NOON)
    expect(use.usage(NOON, CERTAIN)).toBe(0.53)
    use.told(0.2, NOON)
    expect(use.usage(NOON, CERTAIN)).toBe(0.2)
    expect(use.usage(MIDNIGHT + DAY, CERTAIN)).toBe(0)
  })
})

describe('a wall clock that is set', () => {
  test('back into the period before: what is used there is not known', () => {
    const use = new QuotaUse({ requests: 100, per: 'hour' }, MIDNIGHT)
    counted(use, 90, MIDNIGHT)
    expect(use.usage(MIDNIGHT - 1, CERTAIN)).toBeUndefined()
  })

  test('within the period: nothing changes', () => {
    const use = new QuotaUse({ requests: 100, per: 'day' }, MIDNIGHT)
    counted(use, 50, MIDNIGHT + 12 * HOUR)
    expect([11, 13].map((hour) => use.usage(MIDNIGHT + hour * HOUR, CERTAIN))).toEqual([0.5, 0.5])
  })
})

test('of calls at any times, those of the present period are used, and never less is said than is certain', () => {
  const calls = fc.array(fc.nat(3 * DAY), { maxLength: 60 }).map((times) => times.toSorted((a, b) => a - b))
  fc.assert(
    fc.property(calls, fc.nat(DAY), fc.constantFrom('minute', 'hour', 'day'), (times, start, per) => {
      const use = new QuotaUse({ requests: 20, per }, MIDNIGHT + start)
      const mine = times.filter((at) => at >= start)
      for (const [index, at] of mine.entries()) {
        use.count(MIDNIGHT + at)
        const period = Math.floor(at / PERIODS[per])
        const used = mine.slice(0, index + 1).filter((each) => Math.floor(each / PERIODS[per]) === period).length / 20
        const isWhole = start <= period * PERIODS[per]
        expect(use.usage(MIDNIGHT + at, CERTAIN)).toBe(isWhole || used >= CERTAIN ? used : undefined)
      }
    }),
  )
})
