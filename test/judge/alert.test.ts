import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { isOpen, isWorthSaving, removeAlert, stepAlert, wellAlert } from '../../src/judge/alert.ts'
import { breach, inconclusive, ok } from '../../src/judge/verdicts.ts'
import type { Alert, RuleTiming, Transition, Verdict } from '../../src/types.ts'
import { loaded, saved, type SavedAlert } from './saved-alert.ts'

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
  let document: SavedAlert | undefined
  let bootedAt = 0
  const told: { at: number; transition: Transition }[] = []
  const states: (string | undefined)[] = []
  timeline.forEach(([seconds, word], i) => {
    if (restartBefore.includes(i)) {
      bootedAt = seconds - 1
      alert = loaded(document, at(bootedAt, bootedAt), at(timeline[i - 1]?.[0] ?? 0).epochMs)
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

/** Time between two evaluations that counts as watched. Seconds. */
const LONGEST_GAP = 60

/** Runs of one verdict, for what is judged here is what holds. */
const timelines = (words: readonly Word[] = WORDS, longestGap = 90) =>
  fc
    .array(
      fc.record({ word: fc.constantFrom(...words), gap: fc.integer({ min: 1, max: longestGap }), times: fc.integer({ min: 1, max: 5 }) }),
      {
        minLength: 1,
        maxLength: 20,
      },
    )
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
    const isWatched = seconds - before <= LONGEST_GAP
    if (last !== 'no_data' && isWatched) known += seconds - before
    if (word === 'no_data') {
      unknownSince ??= isWatched ? seconds : before
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
    fc.property(timelines(['ok', 'WARNING', 'CRITICAL'], LONGEST_GAP), timings, (timeline, timing) => {
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
    fc.property(timelines(WORDS, LONGEST_GAP), timings, fc.array(fc.nat(59)), (timeline, timing, restarts) => {
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
  expect(again).toMatchObject({ state: 'firing', since: EPOCH + 80_000 })
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
  expect(cleared.alert).not.toHaveProperty('clearedAt')
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
  expect(again.alert).not.toHaveProperty('clearedAt')
})

const DAY = 86_400

describe('a day without evidence', () => {
  const nothing = (from: number, until: number) =>
    Array.from({ length: Math.floor((until - from) / 60) + 1 }, (_, i) => [from + 60 * i, 'no_data'] as const)
  const open = [[0, 'CRITICAL'], ...nothing(60, DAY)] as const

  test('is told once, with what was known last', () => {
    expect(live(open, timingOf(0, 60)).said).toEqual([[0, 'fired']])
    const { said, alert } = live([...open, ...nothing(DAY + 60, 2 * DAY)], timingOf(0, 60))
    expect(said).toEqual([
      [0, 'fired'],
      [DAY + 60, 'unknown'],
    ])
    expect(alert).toMatchObject({
      state: 'unknown',
      severity: 'CRITICAL',
      message: 'Nothing has been known of this for 24 h; before that: said',
    })
  })

  test.for([
    { why: 'a breach', back: 'CRITICAL', state: 'firing', said: ['updated'] },
    { why: 'an ok', back: 'ok', state: 'recovering', said: ['updated'] },
    { why: 'nothing still', back: 'no_data', state: 'unknown', said: [] },
  ] as const)('and then $why', ({ back, state, said }) => {
    const timeline = [...open, [DAY + 60, 'no_data'], [DAY + 120, back]] as const
    const { alert, told } = live(timeline, timingOf(0, 60))
    expect(alert?.state).toBe(state)
    expect(told.slice(2).map(({ transition }) => transition.type)).toEqual(said)
  })

  test('and then an ok with nothing to wait for is told twice: what is true, and that it is over', () => {
    const { told } = live([...open, [DAY + 60, 'no_data'], [DAY + 120, 'ok']], timingOf(0, 0))
    expect(told.map(({ transition: { type, alert } }) => [type, alert.state])).toEqual([
      ['fired', 'firing'],
      ['unknown', 'unknown'],
      ['updated', 'recovering'],
      ['resolved', 'resolved'],
    ])
  })

  test('counts on over a machine that was off, and is told at the first evaluation that knows nothing', () => {
    const timeline = [
      [0, 'CRITICAL'],
      [DAY + 10, 'starting'],
      [DAY + 20, 'no_data'],
    ] as const
    expect(live(timeline, timingOf(0, 60)).said).toEqual([
      [0, 'fired'],
      [DAY + 10, 'unknown'],
    ])
    expect(live(timeline, timingOf(0, 60), [1]).said).toEqual([
      [0, 'fired'],
      [DAY + 10, 'unknown'],
    ])
  })

  test('is nothing to a service that was off as long, and then knows', () => {
    expect(
      live(
        [
          [0, 'CRITICAL'],
          [2 * DAY, 'CRITICAL'],
        ],
        timingOf(0, 60),
        [1],
      ).said,
    ).toEqual([[0, 'fired']])
  })
})

describe('time in which nobody evaluated', () => {
  test.for([
    { why: '60 s with an evaluation each second are watched', intervalSeconds: 1, gap: 60, said: 'resolved' },
    { why: 'a little more is a gap', intervalSeconds: 1, gap: 61, said: 'fired' },
    { why: 'with an evaluation each minute four minutes are watched', intervalSeconds: 60, gap: 240, said: 'resolved' },
    { why: 'and a little more is a gap', intervalSeconds: 60, gap: 241, said: 'fired' },
  ])('$why', ({ intervalSeconds, gap, said }) => {
    const timing = timingOf(0, gap)
    const step = (alert: Alert | undefined, word: Word, seconds: number) =>
      stepAlert(alert, verdictOf(word), timing, identity, at(seconds), intervalSeconds)
    const fired = step(undefined, 'WARNING', 0)
    const recovering = step(fired.alert, 'ok', 10)
    const { transitions } = step(recovering.alert, 'ok', 10 + gap)
    expect([...fired.transitions, ...transitions].at(-1)?.type).toBe(said)
  })

  test('never resolves and never fires by itself, whatever was before it', () => {
    fc.assert(
      fc.property(timelines(['ok', 'WARNING', 'CRITICAL', 'no_data']), fc.constantFrom('ok', 'WARNING', 'CRITICAL'), (before, back) => {
        // What was due before nothing was known any more is told by the next that knows, whenever that is.
        fc.pre(before.at(-1)![1] !== 'no_data')
        const timing = timingOf(120, 120)
        const { told, alert } = live(before, timing)
        const end = before.at(-1)![0]
        const after = live([...before, [end + 7200, back]], timing).told.slice(told.length)
        // Before the gap the last evaluation had told all that was due by then, so that the first one after it has nothing to tell.
        expect(after.map(({ transition }) => transition.type)).toEqual([])
        if (alert && isOpen(alert)) expect(isOpen(live([...before, [end + 7200, back]], timing).alert!)).toBe(true)
      }),
    )
  })
})

test('an alert has the timers of its state, and no others', () => {
  const OF: Readonly<Record<Alert['state'], readonly string[]>> = {
    inactive: ['clearedAt'],
    pending: ['breachAt', 'criticalAt', 'clearedAt'],
    firing: ['criticalAt', 'lowerAt'],
    recovering: ['okAt'],
    unknown: [],
    resolved: ['clearedAt'],
  }
  fc.assert(
    fc.property(timelines(), timings, (timeline, timing) => {
      const { alert } = live(timeline, timing)
      if (!alert) return
      const timers = Object.keys(alert).filter((key) => key.endsWith('At') && key !== 'evaluatedAt' && key !== 'frozenAt')
      expect(OF[alert.state]).toEqual(expect.arrayContaining(timers))
      if (alert.state === 'pending') expect(alert.breachAt).toBeTypeOf('number')
      if (alert.state === 'recovering') expect(alert.okAt).toBeTypeOf('number')
    }),
  )
})

test('a pending alert that was dropped because nothing was known is not said to be well', () => {
  const { alert } = live(
    [
      [0, 'WARNING'],
      [10, 'no_data'],
      [310, 'no_data'],
    ],
    timingOf(60, 0),
  )
  expect(alert).toMatchObject({ state: 'inactive', frozenAt: 10_000 })
  expect(wellAlert(alert, identity, verdictOf('ok'), at(320))).toMatchObject({ state: 'inactive', frozenAt: undefined, message: 'said' })
})

test('a rule that is gone resolves its alert and says why', () => {
  const open = live([[0, 'WARNING']], timingOf(0, 60)).alert!
  expect(removeAlert(open, at(10))).toMatchObject({
    alert: { state: 'resolved' },
    transitions: [{ type: 'resolved', cause: 'rule_removed', deliver: true }],
  })
  for (const state of ['recovering', 'unknown'] as const) {
    const alert = { ...open, state, okAt: 5000 } as Alert
    expect(removeAlert(alert, at(10))).toMatchObject({
      alert: { state: 'resolved' },
      transitions: [{ type: 'resolved', cause: 'rule_removed' }],
    })
  }
  const pending = live([[0, 'WARNING']], timingOf(60, 60)).alert!
  expect(removeAlert(pending, at(10))).toMatchObject({ alert: { state: 'inactive' }, transitions: [] })
})
