import fc from 'fast-check'
import { expect, test } from 'vitest'

import { isOpen, isWorthSaving, removeAlert, silenceAlert, stepAlert } from '../../src/judge/alert.ts'
import { breach, inconclusive, ok } from '../../src/judge/verdicts.ts'
import type { Alert, RuleTiming, Transition, Verdict } from '../../src/types.ts'
import { loaded, saved } from './saved-alert.ts'

const EPOCH = Date.UTC(2026, 10, 22, 10)
const identity = { id: 'a1', rule: 'rule', service: 'service' }
const finding = { message: 'said', value: { current: 1, threshold: 2, unit: 'x' } }
const WORDS = ['ok', 'WARNING', 'CRITICAL', 'no_data', 'starting'] as const
type Word = (typeof WORDS)[number]

const at = (seconds: number, bootedAt = 0) => ({ monotonicMs: (seconds - bootedAt) * 1000, epochMs: EPOCH + seconds * 1000 })
const verdictOf = (word: Word): Verdict => {
  if (word === 'ok') return ok('rule', finding)
  return word === 'WARNING' || word === 'CRITICAL' ? breach('rule', word, finding) : inconclusive('rule', word)
}
const timingOf = (forSeconds: number, keepFiringSeconds: number): RuleTiming => ({ forSeconds, keepFiringSeconds })

/** Verdicts at stated seconds; what came of them. `restartBefore`: numbers of evaluations a new process makes. */
function live(timeline: readonly (readonly [number, Word])[], timing: RuleTiming, restartBefore: readonly number[] = []) {
  let alert: Alert | undefined
  let document: string | undefined
  let bootedAt = 0
  const told: { at: number; transition: Transition }[] = []
  const states: (string | undefined)[] = []
  timeline.forEach(([seconds, word], i) => {
    if (restartBefore.includes(i)) {
      bootedAt = seconds - 1
      alert = loaded(document, at(bootedAt, bootedAt))
    }
    const now = at(seconds, bootedAt)
    const step = stepAlert(alert, verdictOf(word), timing, identity, now)
    if (step.alert && (step.transitions.length > 0 || isWorthSaving(alert, step.alert))) document = saved(step.alert, now)
    alert = step.alert
    states.push(alert?.state)
    for (const transition of step.transitions) told.push({ at: seconds, transition })
  })
  return { alert, told, states, said: told.map(({ at: seconds, transition: { type } }) => [seconds, type] as const) }
}

/** Runs of one verdict, for what is judged here is what holds. */
const timelines = (words: readonly Word[] = WORDS) =>
  fc
    .array(fc.record({ word: fc.constantFrom(...words), gap: fc.integer({ min: 1, max: 90 }), times: fc.integer({ min: 1, max: 5 }) }), {
      minLength: 1,
      maxLength: 20,
    })
    .map((runs) => {
      let seconds = 0
      return runs.flatMap(({ word, gap, times }) => Array.from({ length: times }, () => [(seconds += gap), word] as const))
    })
const timings = fc.tuple(fc.constantFrom(0, 5, 60, 120), fc.constantFrom(0, 60, 120)).map(([f, k]) => timingOf(f, k))

test('against a model that only knows time in which something was known', () => {
  fc.assert(
    fc.property(timelines(['ok', 'WARNING', 'CRITICAL', 'no_data']), timings, (timeline, timing) => {
      const { told } = live(timeline, timing)
      expect(told.map(({ at: seconds, transition: { type, alert } }) => [seconds, type, alert.severity])).toEqual(
        modelled(timeline, timing),
      )
    }),
    { numRuns: 2000 },
  )
})

/** The machine once more, as sums of known time in place of timers that stop. */
function modelled(timeline: readonly (readonly [number, Word])[], { forSeconds, keepFiringSeconds }: RuleTiming) {
  const told: (readonly [number, string, string])[] = []
  const since: { [what in 'breach' | 'critical' | 'lower' | 'ok']?: number | undefined } = {}
  let known = 0
  let unknownSince: number | undefined
  let firing: 'WARNING' | 'CRITICAL' | undefined
  const held = (what: keyof typeof since, seconds: number) => known - (since[what] ?? Infinity) >= seconds
  const begin = (what: keyof typeof since, isSo: boolean) => void (since[what] = isSo ? (since[what] ?? known) : undefined)
  timeline.forEach(([seconds, word], i) => {
    const [before, last] = timeline[i - 1] ?? [seconds, 'ok']
    if (last !== 'no_data') known += seconds - before
    if (word === 'no_data') {
      unknownSince ??= seconds
      if (!firing && seconds - unknownSince >= Math.max(300, forSeconds)) since.breach = since.critical = undefined
      return
    }
    unknownSince = undefined
    begin('ok', word === 'ok' && firing !== undefined)
    begin('breach', word !== 'ok')
    begin('critical', word === 'CRITICAL')
    if (!firing && held('breach', forSeconds)) {
      firing = held('critical', forSeconds) ? 'CRITICAL' : 'WARNING'
      told.push([seconds, 'fired', firing])
      return
    }
    begin('lower', firing === 'CRITICAL' && word === 'WARNING')
    if (firing === 'WARNING' && held('critical', forSeconds)) told.push([seconds, 'escalated', (firing = 'CRITICAL')])
    else if (held('lower', keepFiringSeconds)) {
      told.push([seconds, 'deescalated', (firing = 'WARNING')])
      since.lower = undefined
    } else if (firing && held('ok', keepFiringSeconds)) {
      told.push([seconds, 'resolved', firing])
      firing = undefined
      since.ok = undefined
    }
  })
  return told
}

test('whatever comes, one episode is open at a time and severity moves one step at a time', () => {
  fc.assert(
    fc.property(timelines(), timings, (timeline, timing) => {
      let [open, severity, episode] = [false, '', 0]
      for (const { transition } of live(timeline, timing).told) {
        const { type, alert } = transition
        if (type === 'fired') {
          expect(open).toBe(false)
          expect(alert.episode).toBe(episode + 1)
          open = true
          episode = alert.episode
        } else {
          expect(open).toBe(true)
          expect(alert.episode).toBe(episode)
          if (type === 'escalated') expect([severity, alert.severity]).toEqual(['WARNING', 'CRITICAL'])
          else if (type === 'deescalated') expect([severity, alert.severity]).toEqual(['CRITICAL', 'WARNING'])
          else {
            expect(type).toBe('resolved')
            expect(alert.severity).toBe(severity)
            open = false
          }
        }
        expect(isOpen(alert)).toBe(open)
        severity = alert.severity
      }
    }),
    { numRuns: 1000 },
  )
})

test('critical is told only after it held for its time', () => {
  fc.assert(
    fc.property(timelines(['ok', 'WARNING', 'CRITICAL']), timings, (timeline, timing) => {
      for (const { at: seconds, transition } of live(timeline, timing).told) {
        const isRaise = transition.type === 'escalated' || (transition.type === 'fired' && transition.alert.severity === 'CRITICAL')
        if (!isRaise) continue
        const before = timeline.filter(([when]) => when <= seconds)
        const run = before.slice(before.findLastIndex(([, word]) => word !== 'CRITICAL') + 1)
        expect(seconds - run[0]![0]).toBeGreaterThanOrEqual(timing.forSeconds)
      }
    }),
    { numRuns: 500 },
  )
})

test('a restart before any evaluations changes nothing that is told', () => {
  fc.assert(
    fc.property(timelines(), timings, fc.array(fc.nat(59)), (timeline, timing, restarts) => {
      const told = (restartBefore: readonly number[]) =>
        live(timeline, timing, restartBefore).told.map(({ at: seconds, transition }) => [
          seconds,
          transition.type,
          transition.alert.severity,
        ])
      expect(told(restarts)).toEqual(told([]))
    }),
    { numRuns: 1000 },
  )
})

test.for([
  {
    why: 'time to warm up after a restart counts for a pending alert',
    timing: timingOf(120, 0),
    timeline: [
      [0, 'WARNING'],
      [60, 'starting'],
      [90, 'starting'],
      [120, 'WARNING'],
    ] as const,
    said: [[120, 'fired']],
  },
  {
    why: 'but not for a recovering one',
    timing: timingOf(0, 60),
    timeline: [
      [0, 'WARNING'],
      [10, 'ok'],
      [20, 'starting'],
      [100, 'ok'],
      [149, 'ok'],
      [150, 'ok'],
    ] as const,
    said: [
      [0, 'fired'],
      [150, 'resolved'],
    ],
  },
  {
    why: 'a pending alert nobody knows anything about is dropped',
    timing: timingOf(60, 0),
    timeline: [
      [0, 'WARNING'],
      [10, 'no_data'],
      [310, 'no_data'],
      [320, 'WARNING'],
      [379, 'WARNING'],
      [380, 'WARNING'],
    ] as const,
    said: [[380, 'fired']],
  },
  {
    why: 'an ok ends the time below the severity',
    timing: timingOf(0, 60),
    timeline: [
      [0, 'CRITICAL'],
      [10, 'WARNING'],
      [50, 'ok'],
      [60, 'WARNING'],
      [119, 'WARNING'],
      [120, 'WARNING'],
    ] as const,
    said: [
      [0, 'fired'],
      [120, 'deescalated'],
    ],
  },
  {
    why: 'a critical verdict too short to fire as such is not forgotten as a level to come down from',
    timing: timingOf(60, 0),
    timeline: [
      [0, 'WARNING'],
      [30, 'CRITICAL'],
      [60, 'CRITICAL'],
      [90, 'CRITICAL'],
      [91, 'WARNING'],
    ] as const,
    said: [
      [60, 'fired'],
      [90, 'escalated'],
      [91, 'deescalated'],
    ],
  },
])('$why', ({ timing, timeline, said }) => {
  expect(live(timeline, timing).said).toEqual(said)
})

test('a breach while recovering begins anew', () => {
  const { alert } = live(
    [
      [0, 'WARNING'],
      [10, 'ok'],
      [20, 'CRITICAL'],
    ],
    timingOf(60, 60),
  )
  expect(alert).toMatchObject({ state: 'pending', breachAt: 20_000, criticalAt: 20_000 })
  const again = live(
    [
      [0, 'WARNING'],
      [60, 'WARNING'],
      [70, 'ok'],
      [80, 'WARNING'],
    ],
    timingOf(60, 60),
  ).alert
  expect(again).toMatchObject({ state: 'firing', breachAt: 80_000 })
})

test('a new episode is counted after a resolve, not after a breach nobody heard of', () => {
  const { told } = live(
    [
      [0, 'WARNING'],
      [10, 'ok'],
      [20, 'WARNING'],
      [80, 'WARNING'],
      [90, 'ok'],
      [100, 'WARNING'],
      [110, 'ok'],
      [120, 'WARNING'],
      [180, 'WARNING'],
    ],
    timingOf(60, 0),
  )
  expect(told.map(({ transition: { type, alert } }) => [type, alert.episode])).toEqual([
    ['fired', 1],
    ['resolved', 1],
    ['fired', 2],
  ])
})

test('the all-clear is remembered until the next episode fires', () => {
  const cleared = live(
    [
      [0, 'WARNING'],
      [10, 'ok'],
      [70, 'ok'],
      [80, 'WARNING'],
    ],
    timingOf(60, 60),
  )
  expect(cleared.alert?.clearedAt).toBeUndefined()
  const pending = live(
    [
      [0, 'WARNING'],
      [60, 'WARNING'],
      [70, 'ok'],
      [130, 'ok'],
      [140, 'WARNING'],
    ],
    timingOf(60, 60),
  )
  expect(pending.alert).toMatchObject({ state: 'pending', clearedAt: 70_000 })
  const again = live(
    [
      [0, 'WARNING'],
      [60, 'WARNING'],
      [70, 'ok'],
      [130, 'ok'],
      [140, 'WARNING'],
      [200, 'WARNING'],
    ],
    timingOf(60, 60),
  )
  expect(again.alert).toMatchObject({ state: 'firing', severity: 'WARNING' })
  expect(again.alert?.clearedAt).toBeUndefined()
})

test.for([
  { why: 'firing comes back as firing', timeline: [[0, 'WARNING']] as const, back: 'WARNING' as const, state: 'firing', said: ['updated'] },
  { why: 'firing comes back recovering', timeline: [[0, 'WARNING']] as const, back: 'ok' as const, state: 'recovering', said: ['updated'] },
  {
    why: 'without data it comes back as it was',
    timeline: [
      [0, 'WARNING'],
      [5, 'ok'],
    ] as const,
    back: 'no_data' as const,
    state: 'recovering',
    said: ['updated'],
  },
  {
    why: 'critical on coming back escalates too',
    timeline: [[0, 'WARNING']] as const,
    back: 'CRITICAL' as const,
    state: 'firing',
    said: ['updated', 'escalated'],
  },
])('after a silent evaluator, $why', ({ timeline, back, state, said }) => {
  const timing = timingOf(0, 60)
  const { alert } = live(timeline, timing)
  expect(silenceAlert(alert!, 15, at(59))).toEqual({ alert, transitions: [] })
  const silent = silenceAlert(alert!, 15, at(65))
  expect(silent.transitions.map(({ type }) => type)).toEqual(['unknown'])
  const step = stepAlert(silent.alert, verdictOf(back), timing, identity, at(600))
  expect(step.alert?.state).toBe(state)
  expect(step.transitions.map(({ type }) => type)).toEqual(said)
})

test('the time of a silent evaluator does not resolve an alert', () => {
  const timing = timingOf(0, 120)
  const { alert } = live(
    [
      [0, 'WARNING'],
      [10, 'ok'],
    ],
    timing,
  )
  const silent = silenceAlert(alert!, 15, at(100)).alert
  const back = stepAlert(silent, verdictOf('ok'), timing, identity, at(1000))
  expect(back.alert?.state).toBe('recovering')
  expect(stepAlert(back.alert, verdictOf('ok'), timing, identity, at(1119)).alert?.state).toBe('recovering')
  expect(stepAlert(back.alert, verdictOf('ok'), timing, identity, at(1120)).transitions.map(({ type }) => type)).toEqual(['resolved'])
})

test('only an open alert can become unknown', () => {
  const { alert } = live([[0, 'WARNING']], timingOf(60, 60))
  expect(silenceAlert(alert!, 15, at(600)).alert?.state).toBe('pending')
})

test('a rule that is gone resolves its alert and says why', () => {
  const open = live([[0, 'WARNING']], timingOf(0, 60)).alert!
  expect(removeAlert(open, at(10))).toMatchObject({
    alert: { state: 'resolved' },
    transitions: [{ type: 'resolved', cause: 'rule_removed', deliver: true }],
  })
  const pending = live([[0, 'WARNING']], timingOf(60, 60)).alert!
  expect(removeAlert(pending, at(10))).toMatchObject({ alert: { state: 'inactive' }, transitions: [] })
})
