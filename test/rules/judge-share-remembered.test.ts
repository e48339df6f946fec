import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { CountedBlock } from '../../src/compute/keeper.ts'
import { Windows } from '../../src/compute/windows.ts'
import { alertKey, judge, type JudgeInput } from '../../src/judge/judge.ts'
import { isOpen } from '../../src/judge/alert.ts'
import { testShare, type ShareFinding } from '../../src/judge/share-test.ts'
import { breach, inconclusive, ok, plainVerdict } from '../../src/judge/verdicts.ts'
import { countsOf, isWatching, shareIn } from '../../src/rules/counted-share.ts'
import { type Conclusive, judgeShare } from '../../src/rules/judge-share.ts'
import type { CountsReading, OpenAlert, Readings, Rule, Sample, Verdict } from '../../src/types.ts'

const LIMITS = [
  { severity: 'CRITICAL', share: 0.5, clear: 0.48 },
  { severity: 'WARNING', share: 0.2, clear: 0.18 },
] as const
const ALL = { kind: 'events', metric: 'all' } as const
const BAD = { kind: 'events', metric: 'bad' } as const

/** Every limit against every window, at each evaluation. */
function judgedAnew(of: CountsReading, open: OpenAlert | undefined): Verdict {
  const share = shareIn({ grew: (place, seconds) => of.grew(place, seconds), reachSeconds: of.reachSeconds }, 'those')
  if (share.all(share.reachSeconds) === 0) return inconclusive('r', 'no_data')
  let found: ShareFinding = { is: 'unsure' }
  for (const { severity, share: limit, clear } of LIMITS) {
    const isHeld = open !== undefined && isOpen(open) && (open.severity === 'CRITICAL' || severity === 'WARNING')
    const since = open?.sinceClearSeconds
    found = testShare(share, { limit, ...(isHeld && { clear }), ...(since !== undefined && { since }) })
    if (found.is === 'passed') return breach('r', severity, told(found, limit))
    if (isHeld && found.is === 'unsure') return inconclusive('r', 'low_sample')
  }
  return found.is === 'unsure' ? inconclusive('r', 'low_sample') : ok('r', told(found, LIMITS[1].share))
}

function told(found: Conclusive, limit: number) {
  return { message: JSON.stringify(found), value: { current: found.n, threshold: limit, unit: 'percent', failures: found.bad } }
}

/** `remembers`: as it is in a service. */
function ruleOf(remembers: boolean): Rule {
  const counts = countsOf(ALL, BAD)
  return {
    name: 'r',
    summary: '',
    scope: 'any',
    forSeconds: 30,
    keepFiringSeconds: 60,
    needs: [counts],
    judge(readings: Readings, open): Verdict {
      if (!isWatching(readings, 1)) return { rule: 'r', kind: 'inconclusive', reason: 'starting' }
      const of = readings.counts(counts)
      if (!remembers) return judgedAnew(of, open)
      const tell = (found: Conclusive, limit: { readonly share: number }) => () => told(found, limit.share)
      return judgeShare({ name: 'r', limits: LIMITS, share: shareIn(of, 'those'), open, tell })
    },
  }
}

class Judged {
  readonly rule: Rule
  readonly windows: Windows
  alerts: JudgeInput['alerts'] = new Map()

  constructor(remembers: boolean, from: number) {
    this.rule = ruleOf(remembers)
    this.windows = new Windows(
      this.rule.needs.map((selector) => ({ selector })),
      from,
    )
  }

  recall(blocks: readonly CountedBlock[], now: number): void {
    for (const selector of this.rule.needs) if (selector.kind === 'counts') this.windows.recall(selector, blocks, now)
  }

  at(now: number, samples: readonly Sample[]) {
    this.windows.ingest(samples, now, true)
    const judged = judge({
      rules: [this.rule],
      readings: this.windows.readings(now),
      alerts: this.alerts,
      service: 's',
      alertId: (name) => name,
      now: { monotonicMs: now, epochMs: now },
    })
    this.alerts = judged.alerts
    return {
      alert: judged.alerts.get(alertKey('r', undefined)),
      transitions: judged.transitions,
      verdict: plainVerdict(judged.verdicts[0]!),
    }
  }
}

/** A stretch of time: how long between two evaluations, how much comes in each, and how much of that is bad. */
const stretch = fc.record({
  steps: fc.integer({ min: 1, max: 40 }),
  gap: fc.constantFrom(250, 1000, 1000, 1000, 5000, 20_000),
  events: fc.constantFrom(0, 0.05, 0.3, 1, 10, 200),
  bad: fc.constantFrom(0, 0, 0, 0.02, 0.15, 0.25, 0.6, 1),
  clump: fc.constantFrom(1, 1, 7),
})
const past = fc.array(
  fc.record({
    minutes: fc.integer({ min: 1, max: 1430 }),
    all: fc.integer({ min: 0, max: 600 }),
    bad: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 12 },
)

test('what is remembered raises the alerts, and tells of them, as what is looked at anew', () => {
  fc.assert(
    fc.property(
      fc.array(stretch, { minLength: 1, maxLength: 12 }),
      past,
      fc.integer({ min: 0, max: 60_000 }),
      past,
      (stretches, before, from, late) => {
        const [own, anew] = [new Judged(true, from), new Judged(false, from)]
        const blocksOf = (blocks: typeof before) =>
          blocks.map(({ minutes, all, bad }) => ({ agoMs: minutes * 60_000, amounts: [all, Math.round(bad * all)] }))
        for (const each of [own, anew]) each.recall(blocksOf(before), from)
        const series = { all: { metric: 'all', attributes: {} }, bad: { metric: 'bad', attributes: {} } }
        let [now, all, bad, owed, step] = [from, 0, 0, 0, 0]
        for (const [place, { steps, gap, events, bad: share, clump }] of stretches.entries()) {
          // Evidence of earlier processes may come late.
          if (place === 2) for (const each of [own, anew]) each.recall(blocksOf(late), now)
          for (let i = 0; i < steps; i++) {
            now += gap
            owed += events
            if (++step % clump === 0) {
              const came = Math.floor(owed)
              owed -= came
              all += came
              bad += Math.min(came, Math.floor(came * share + ((step * 0.618) % 1)))
            }
            const samples: Sample[] = [
              { series: series.all, kind: 'sum', value: all },
              { series: series.bad, kind: 'sum', value: bad },
            ]
            const [is, should] = [own.at(now, samples), anew.at(now, samples)]
            expect(is.alert).toEqual(should.alert)
            expect(is.transitions).toEqual(should.transitions)
            if (should.verdict.kind === 'breach' || should.alert?.state === 'firing') expect(is.verdict).toEqual(should.verdict)
            else expect(is.verdict.kind).not.toBe('breach')
          }
        }
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)

test('a CRITICAL share is found although good events come with the bad ones all the time', () => {
  const own = new Judged(true, 0)
  let [all, bad] = [0, 0]
  for (let now = 1000; now <= 900_000; now += 1000) {
    own.at(now, [
      { series: { metric: 'all', attributes: {} }, kind: 'sum', value: (all += 10) },
      { series: { metric: 'bad', attributes: {} }, kind: 'sum', value: (bad += 8) },
    ])
  }
  expect(own.alerts.get(alertKey('r', undefined))).toMatchObject({ state: 'firing', severity: 'CRITICAL' })
})

test('what an open alert says is as of each evaluation, also when nothing bad comes any more', () => {
  const [own, anew] = [new Judged(true, 0), new Judged(false, 0)]
  let [all, bad, ofOpen] = [0, 0, 0]
  for (let now = 1000; now <= 1_500_000; now += 1000) {
    if (now <= 600_000) bad += 8
    // Never the same in two windows, so that what was found in another one is told from this.
    all += 10 + ((now / 1000) % 7)
    const samples: Sample[] = [
      { series: { metric: 'all', attributes: {} }, kind: 'sum', value: all },
      { series: { metric: 'bad', attributes: {} }, kind: 'sum', value: bad },
    ]
    const [is, should] = [own.at(now, samples), anew.at(now, samples)]
    if (should.alert?.state !== 'firing' || should.verdict.kind === 'breach') continue
    ofOpen++
    expect(is.verdict).toEqual(should.verdict)
  }
  expect(ofOpen).toBeGreaterThan(20)
  expect(own.alerts.get(alertKey('r', undefined))).toMatchObject({ state: 'resolved' })
})

test.for([13, 17, 47])('is found in the second in which it comes, beside good events: a burst of bad ones each %i s', (every) => {
  const [own, anew] = [new Judged(true, 0), new Judged(false, 0)]
  let [all, bad, foundAt] = [0, 0, 0]
  for (let now = 1000; foundAt === 0 && now <= 7_200_000; now += 1000) {
    all++
    if (now > 3_600_000 && (now / 1000) % every === 0) {
      all += 40
      bad += 40
    }
    const samples: Sample[] = [
      { series: { metric: 'all', attributes: {} }, kind: 'sum', value: all },
      { series: { metric: 'bad', attributes: {} }, kind: 'sum', value: bad },
    ]
    const [is, should] = [own.at(now, samples), anew.at(now, samples)]
    expect(is.verdict.kind === 'breach').toBe(should.verdict.kind === 'breach')
    if (is.verdict.kind === 'breach') foundAt = now
  }
  expect(foundAt).toBeGreaterThan(3_600_000)
})
