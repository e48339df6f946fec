/** A day of the five services on a virtual clock: what was counted is what happened, and the alerts are those of examples/day-of-five.yaml. */
import { afterAll, describe, expect, test } from 'vitest'
import type { DayOfFiveResult } from '../../examples/day/five/day.ts'
import { readTimelineOfFive } from '../../examples/day/five/steps.ts'
import { agrees } from '../../examples/day/figures.ts'
import { kindNamed } from '../../src/kinds/define-kind.ts'
import { runDayProcess, type EndedDay } from './day-process.ts'

const MINUTE = 60_000
const KINDS = ['location_aggregator', 'realtime_geofence', 'notification', 'geocoding'] as const
const ended = new AbortController()
afterAll(() => ended.abort())
/** By seed. */
const results = new Map<number, DayOfFiveResult>()

const dayOf = (seed: number): Promise<EndedDay<DayOfFiveResult>> => runDayProcess(['--all', '--seed', String(seed)], ended.signal)

describe('the day of the five services', () => {
  test.for([
    { seed: 1, unlisted: [] },
    { seed: 2, unlisted: [] },
    // Twice the hit rate of geocoding falls by chance, to 2 of 14 lookups and to 9 of 144, which the timeline does not list.
    { seed: 3, unlisted: ['fired', 'resolved', 'fired', 'resolved'].map((type) => `geocoding low_cache_hit_rate ${type}`) },
  ])('of seed $seed', { timeout: 15 * MINUTE }, async ({ seed, unlisted }) => {
    const { result, exitCode, output } = await dayOf(seed)
    results.set(seed, result)
    expect(result.complaints).toEqual([])
    expect(result.figures.filter((figure) => !agrees(figure))).toEqual([])
    expect(result.alerts.missing).toEqual([])
    expect(result.alerts.unexpected.map(({ service, rule, type }) => `${service} ${rule} ${type}`)).toEqual(unlisted)
    const isListed = unlisted.length === 0
    expect({ exitCode, output: isListed && exitCode !== 0 ? output.slice(-4000) : '' }).toEqual({ exitCode: isListed ? 0 : 1, output: '' })

    // All that was to happen did happen.
    const truth = new Map(result.figures.map(({ what, truth: n }) => [what, n]))
    const happened = [
      'tracker_fetcher: reports new',
      'tracker_fetcher: attempts failed 401',
      'tracker_fetcher: attempts failed 500',
      'tracker_fetcher: calls refused',
      'tracker_fetcher: skipped',
      'location_aggregator: reports merged',
      'location_aggregator: reports duplicate',
      'location_aggregator: reports implausible',
      'location_aggregator: units failed',
      'location_aggregator: calls to store 500',
      'realtime_geofence: reports late',
      'realtime_geofence: reports out_of_order',
      'realtime_geofence: attempts failed BrokenFenceError',
      'realtime_geofence: events dwell',
      'notification: deliveries push sent',
      'notification: deliveries mail bounced',
      'notification: deliveries sms failed',
      'notification: given up',
      'notification: retries after 500',
      'geocoding: lookups miss',
      'geocoding: calls to nominatim 429',
      'geocoding: calls to nominatim 500',
      'geocoding: calls to photon ok',
    ]
    expect(happened.filter((what) => !truth.get(what))).toEqual([])
    expect(result.probes).toBeGreaterThan(0)
  })

  test('of another seed is another day', () => {
    const [first, ...others] = [...results.values()].map(({ figures }) => JSON.stringify(figures))
    expect(others).toHaveLength(2)
    expect(new Set([first, ...others]).size).toBe(3)
  })
})

describe('the timeline of the five services', () => {
  const { expected } = readTimelineOfFive(new URL('../../examples/day-of-five.yaml', import.meta.url))

  test.for(KINDS.map((kind) => ({ kind })))('lets every rule fire that only a $kind has, and resolve', ({ kind }) => {
    const common = kindNamed('worker').ruleNames
    const own = kindNamed(kind).ruleNames.filter((rule) => !common.includes(rule))
    const ofKind = (type: string) => new Set(expected.filter((each) => each.service === kind && each.type === type).map(({ rule }) => rule))
    expect(own.filter((rule) => !ofKind('fired').has(rule) || !ofKind('resolved').has(rule))).toEqual([])
  })

  test('lets every rule of a worker fire in one of them at least, and resolve', () => {
    const told = expected.filter(({ service }) => (KINDS as readonly (string | undefined)[]).includes(service))
    for (const type of ['fired', 'resolved']) {
      const rules = told.filter((each) => each.type === type).map(({ rule }) => rule)
      expect(rules).toEqual(expect.arrayContaining([...kindNamed('worker').ruleNames]))
    }
  })
})
