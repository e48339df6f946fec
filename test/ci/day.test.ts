/** A day of the fetcher with its faults, on a virtual clock: what was counted is what happened, and the alerts are those of examples/day.yaml. */
import { afterAll, describe, expect, test } from 'vitest'
import type { DayResult } from '../../examples/day/day.ts'
import { agrees } from '../../examples/day/figures.ts'
import { compareAlerts, type ToldAlert } from '../../examples/day/told-alerts.ts'
import { runDayProcess, type EndedDay } from './day-process.ts'

const MINUTE = 60_000
const ended = new AbortController()
afterAll(() => ended.abort())

const dayOf = (seed: number): Promise<EndedDay<DayResult>> => runDayProcess(['--seed', String(seed)], ended.signal)

describe('the day', () => {
  test.for([{ seed: 1 }, { seed: 2 }, { seed: 3 }])('of seed $seed', { timeout: 5 * MINUTE }, async ({ seed }) => {
    const { result, exitCode, output } = await dayOf(seed)
    expect(result.complaints).toEqual([])
    expect(result.figures.filter((figure) => !agrees(figure))).toEqual([])
    expect(result.alerts).toMatchObject({ missing: [], unexpected: [] })
    expect({ exitCode, output: exitCode === 0 ? '' : output.slice(-4000) }).toEqual({ exitCode: 0, output: '' })

    // All that was to happen did happen.
    const truth = new Map(result.figures.map(({ what, truth: n }) => [what, n]))
    const failed = ['401', '429', '500', 'ECONNRESET', 'empty_body', 'malformed_body', 'timeout'].map((type) => `attempts failed ${type}`)
    const others = ['attempts empty', 'reports duplicate', 'retries after 401', 'retries after empty_body', 'calls refused', 'skipped']
    expect([...failed, ...others].filter((what) => !truth.get(what))).toEqual([])
    expect(truth.get('attempts reports')).toBeGreaterThan(10_000)
    expect(result.service.released).toBeGreaterThan(0)
    expect(result.probes).toBeGreaterThan(0)
  })
})

describe('the comparison of alerts', () => {
  const fired: ToldAlert = { atMs: 60_000, rule: 'large_queue', type: 'fired', severity: 'WARNING' }
  const late = { ...fired, atMs: 90_000 }
  const tooLate = { ...fired, atMs: 90_001 }
  const worse = { ...fired, severity: 'CRITICAL' } as const
  const resolved = { ...fired, type: 'resolved' } as const

  test.for([
    { why: 'the same message at the same time', told: [fired], missing: [], unexpected: [] },
    { why: 'one evaluation later is in time', told: [late], missing: [], unexpected: [] },
    { why: 'more than that is another message', told: [tooLate], missing: [fired], unexpected: [tooLate] },
    { why: 'so is another severity', told: [worse], missing: [fired], unexpected: [worse] },
    { why: 'so is another type', told: [resolved], missing: [fired], unexpected: [resolved] },
    { why: 'a message that is told twice is expected once', told: [fired, late], missing: [], unexpected: [late] },
    { why: 'silence is not what was expected', told: [], missing: [fired], unexpected: [] },
  ])('$why', ({ told, missing, unexpected }) => {
    expect(compareAlerts([fired], told, 30_000)).toMatchObject({ missing, unexpected })
  })

  test('one that may be further off may', () => {
    expect(compareAlerts([{ ...fired, withinMs: 60_000 }], [tooLate], 30_000)).toEqual({
      missing: [],
      unexpected: [],
      largestDeviationMs: 30_001,
    })
  })

  test('the same rule of another service, or of another channel, is another alert', () => {
    const ofPush = { ...fired, service: 'notification', of: 'push' }
    const others = [
      { ...ofPush, service: 'geocoding' },
      { ...ofPush, of: 'mail' },
    ]
    expect(compareAlerts([ofPush], others, 30_000)).toMatchObject({ missing: [ofPush], unexpected: others })
  })
})
