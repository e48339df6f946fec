import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Instant } from '../../src/judge/alert.ts'
import { stepAlert } from '../../src/judge/alert.ts'
import type { Alert, AlertState, RuleScope, Severity } from '../../src/types.ts'
import { decodeEntry, encodeEntry, FURTHEST_AHEAD_MS, LONGEST_GAP_MS, parseEntry } from '../../src/wire/alert-entry.ts'
import { alertOf, AT, type AlertChange } from './fixtures.ts'

const SAVED: Instant = { monotonicMs: 61_000, epochMs: AT + 60_000 }
/** The server's clock at that moment, which is nobody else's. */
const SERVER = 1_700_000_000_000
const HOUR = 3_600_000

/** What the script makes of it (src/wire/scripts/alert.ts), at `at` of the server's clock. */
function written(alert: Alert, now: Instant = SAVED, at = SERVER): { entry: string; document: string } {
  const { head, counted, tail, about } = encodeEntry(alert, now)
  return {
    entry: `${head}"keep":90000,"start":1,"n":1,${counted}"at":${at},${tail}`,
    document: `{"v":1,"rev":1,${about},"episode":1,"scope":"${alert.scope ?? 'any'}"}`,
  }
}

function readBack(alert: Alert, serverNow = SERVER, now = SAVED, lastBeat?: number): Alert | undefined {
  const { entry, document } = written(alert)
  return decodeEntry(entry, document, { serverNow, lastBeat }, now)
}

describe('what is sent', () => {
  test('to the letter, with what is the writer’s and the server’s', () => {
    const { entry, document } = written(alertOf())
    expect(entry).toBe(
      '{"state":"firing","severity":"WARNING","breaching":true,"known":true,"keep":90000,"start":1,"n":1,"episode":1,"age":60000,' +
        `"at":${SERVER},"timers":{"breachAt":0,"evaluatedAt":0},"says":{` +
        '"message":"Fetch success rate is 71.4 % over 5 min (limit 80 %): 20 of 70 attempts failed",' +
        '"value":{"current":71.4,"threshold":80,"unit":"percent","n":70,"failures":20,"window_seconds":300}}}',
    )
    expect(document).toContain('"alert_id":"a1","service":"tracker_fetcher","rule":"low_success_rate"')
  })

  test('has the timers of its state, and always breachAt, for versions that read no entry without it', () => {
    const timersOf = (alert: Alert) => (JSON.parse(written(alert).entry) as { timers: unknown }).timers
    expect(timersOf(alertOf({ state: 'pending', breachAt: 1000, criticalAt: 31_000 }))).toEqual({
      ...{ breachAt: 60_000, criticalAt: 30_000, evaluatedAt: 0 },
    })
    expect(timersOf(alertOf({ state: 'recovering', okAt: 41_000, frozenAt: 51_000 }))).toEqual({
      ...{ breachAt: 0, okAt: 20_000, frozenAt: 10_000, evaluatedAt: 0 },
    })
    expect(timersOf(alertOf({ state: 'unknown', frozenAt: 1000 }))).toEqual({ breachAt: 0, frozenAt: 60_000, evaluatedAt: 0 })
    expect(timersOf(alertOf({ state: 'resolved', clearedAt: 1000 }))).toEqual({ breachAt: 0, clearedAt: 60_000, evaluatedAt: 0 })
  })

  test('labels and runbook stand in it where there are any', () => {
    const { entry, document } = written(alertOf({ labels: { 'work.name': 'sendMail' }, runbook: 'https://runbooks.example/mail' }))
    expect(document).toContain('"rule":"low_success_rate","labels":{"work.name":"sendMail"},')
    expect(entry).toContain('20 of 70 attempts failed","runbook":"https://runbooks.example/mail","value"')
  })

  test.for([
    { state: 'pending', frozenAt: undefined, breaching: true, known: true },
    { state: 'firing', frozenAt: undefined, breaching: true, known: true },
    { state: 'firing', frozenAt: 60_000, breaching: false, known: false },
    { state: 'recovering', frozenAt: undefined, breaching: false, known: true },
    { state: 'unknown', frozenAt: undefined, breaching: false, known: false },
    { state: 'resolved', frozenAt: undefined, breaching: false, known: true },
    { state: 'inactive', frozenAt: 61_000, breaching: false, known: false },
  ] as const)('$state, standing still since $frozenAt: breaching $breaching, known $known', ({ state, frozenAt, breaching, known }) => {
    const { entry } = written(alertOf({ state, frozenAt }))
    expect(parseEntry('4f2c', entry, undefined, SERVER)).toMatchObject({ state, breaching, known })
  })

  test('what began in the future of a clock that was set back began now', () => {
    expect(parseEntry('4f2c', written(alertOf({ since: SAVED.epochMs + HOUR })).entry, undefined, SERVER)!.since).toBe(SERVER)
  })

  test('more than eight labels are cut, and counted', () => {
    const labels = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`l${i}`, i === 0 ? 'x'.repeat(200) : 'x']))
    expect(encodeEntry(alertOf({ labels }), SAVED).cut).toBe(3)
    expect(Object.entries(readBack(alertOf({ labels }))!.labels!)).toEqual(
      Array.from({ length: 8 }, (_, i) => [`l${i}`, i === 0 ? `${'x'.repeat(127)}…` : 'x']),
    )
  })

  test('is JSON that fits, whatever the texts', () => {
    const hostile = fc.string({ unit: 'binary', maxLength: 30 }).map((value) => value.repeat(100))
    fc.assert(
      fc.property(hostile, hostile, (id, message) => {
        const labels = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i}${id}`, message]))
        const value = { current: message, threshold: message, unit: id }
        const alert = alertOf({ id, message, rule: id, service: id, runbook: message, labels, value })
        const { entry, document } = written(alert)
        expect(() => [entry, document].map((json) => JSON.parse(json) as unknown)).not.toThrow()
        // With a hundred instances beside it, the script has to make a message of 64 KB at most.
        expect(Buffer.byteLength(entry + document)).toBeLessThan(32_768)
        expect(encodeEntry(alert, SAVED).cut).toBeGreaterThanOrEqual(12)
      }),
    )
  })
})

describe('read back in another process', () => {
  test.for([
    { why: 'at once', afterMs: 0, breachAgeMs: 60_000 },
    { why: 'after half an hour, which counts', afterMs: HOUR / 2, breachAgeMs: 60_000 + HOUR / 2 },
    { why: 'after a day, of which an hour counts', afterMs: 24 * HOUR, breachAgeMs: 60_000 + LONGEST_GAP_MS },
    { why: 'from a server whose clock was set back meanwhile', afterMs: -2 * HOUR, breachAgeMs: 60_000 },
  ])('a pending alert $why', ({ afterMs, breachAgeMs }) => {
    const now = { monotonicMs: 500, epochMs: SAVED.epochMs + afterMs }
    const alert = readBack(alertOf({ state: 'pending' }), SERVER + afterMs, now)
    expect(alert).toMatchObject({ id: 'a1', state: 'pending', breachAt: 500 - breachAgeMs, evaluatedAt: 500 })
    expect(alert!.since).toBeLessThanOrEqual(now.epochMs)
  })

  test.for([
    { why: 'when it was said', lastBeat: undefined, agoMs: 2 * HOUR },
    { why: 'at its last beat, which was later', lastBeat: SERVER + HOUR, agoMs: HOUR },
    { why: 'when it was said, if its last beat was before that', lastBeat: SERVER - HOUR, agoMs: 2 * HOUR },
    { why: 'when it was said, if its beat is from the future', lastBeat: SERVER + 9 * HOUR, agoMs: 2 * HOUR },
  ])('what is open was evaluated last $why: what came after that is unwatched', ({ lastBeat, agoMs }) => {
    const recovering = alertOf({ state: 'recovering', okAt: 51_000 })
    const alert = readBack(recovering, SERVER + 2 * HOUR, { monotonicMs: 500, epochMs: SAVED.epochMs }, lastBeat)
    expect(alert).toMatchObject({ state: 'recovering', okAt: 500 - 2 * HOUR - 10_000, evaluatedAt: 500 - agoMs })
  })

  test('an entry of a version before this one, which had every timer in every state, is an alert of its state', () => {
    const old = '{"breachAt":60000,"criticalAt":50000,"lowerAt":40000,"okAt":30000,"frozenAt":20000,"clearedAt":90000,"evaluatedAt":0}'
    const timersOf = (state: AlertState) => {
      const { entry, document } = written(alertOf({ state }))
      const alert = decodeEntry(entry.replace(/"timers":\{[^}]*\}/, `"timers":${old}`), document, { serverNow: SERVER }, SAVED)
      return Object.keys(alert!).filter((key) => key.endsWith('At'))
    }
    expect(timersOf('inactive')).toEqual(['frozenAt', 'clearedAt', 'evaluatedAt'])
    expect(timersOf('pending')).toEqual(['breachAt', 'criticalAt', 'frozenAt', 'clearedAt', 'evaluatedAt'])
    expect(timersOf('firing')).toEqual(['criticalAt', 'lowerAt', 'frozenAt', 'evaluatedAt'])
    expect(timersOf('recovering')).toEqual(['okAt', 'frozenAt', 'evaluatedAt'])
    expect(timersOf('unknown')).toEqual(['frozenAt', 'evaluatedAt'])
    expect(timersOf('resolved')).toEqual(['frozenAt', 'clearedAt', 'evaluatedAt'])
  })

  test.for([
    { why: 'an hour back', clockMs: -HOUR },
    { why: 'an hour ahead', clockMs: HOUR },
    { why: 'a year ahead', clockMs: 8760 * HOUR },
  ])('on a machine whose clock is $why, an alert stands as on any other', ({ clockMs }) => {
    const right = readBack(alertOf({ state: 'pending' }), SERVER + 10_000, SAVED)!
    const wrong = readBack(alertOf({ state: 'pending' }), SERVER + 10_000, { ...SAVED, epochMs: SAVED.epochMs + clockMs })!
    // Said in its own time: as long ago.
    expect(wrong).toEqual({ ...right, since: right.since + clockMs })
  })

  test.for([
    { why: 'back', clockMs: -HOUR },
    { why: 'ahead', clockMs: HOUR },
  ])('a breach that has not held for long enough does not fire at once because a clock was set an hour $why', ({ clockMs }) => {
    const pending = alertOf({ state: 'pending', breachAt: 31_000, evaluatedAt: 61_000 })
    const now = { monotonicMs: 5000, epochMs: SAVED.epochMs + clockMs + 10_000 }
    const back = readBack(pending, SERVER + 10_000, now)!
    const breach = { rule: 'r', kind: 'breach', severity: 'WARNING', message: 'm', value: { current: 1, threshold: 0, unit: '1' } } as const
    const step = (ms: number) =>
      stepAlert(back, breach, { forSeconds: 120, keepFiringSeconds: 0 }, back, { monotonicMs: 5000 + ms, epochMs: now.epochMs + ms }, 60)
    // It has held for 30 s, and for the 10 s of the restart.
    expect(step(79_999).transitions).toEqual([])
    expect(step(80_000).transitions).toMatchObject([{ type: 'fired' }])
  })
})

describe('what cannot be used is nothing', () => {
  const { entry, document } = written(alertOf({ labels: { 'work.name': 'sendMail' }, runbook: 'https://runbooks.example/mail' }))
  test.for([
    { why: 'not JSON', entry: entry.slice(0, -1), document },
    { why: 'no object', entry: '[1]', document },
    { why: 'a state that does not exist', entry: entry.replace('"firing"', '"burning"'), document },
    { why: 'what others have found to be gone: it begins anew', entry: entry.replace('"firing"', '"gone"'), document },
    { why: 'a severity that does not exist', entry: entry.replace('"WARNING"', '"FATAL"'), document },
    { why: 'a time that is none', entry: entry.replace(/"at":\d+/, '"at":"now"'), document },
    { why: 'an episode that is no number', entry: entry.replace('"episode":1', '"episode":null'), document },
    { why: 'no timers', entry: entry.replace('"timers"', '"tempers"'), document },
    { why: 'a timer that is no number', entry: entry.replace(/"evaluatedAt":\d+/, '"evaluatedAt":"x"'), document },
    {
      why: 'a pending one that began at no time',
      entry: entry.replace('"firing"', '"pending"').replace('"breachAt"', '"broke"'),
      document,
    },
    { why: 'a recovering one that began at no time', entry: entry.replace('"firing"', '"recovering"'), document },
    { why: 'nothing that it says', entry: entry.replace('"says"', '"said"'), document },
    { why: 'a message that is no text', entry: entry.replace('"message":"', '"massage":"'), document },
    { why: 'a runbook that is no text', entry: entry.replace(/"runbook":"[^"]*"/, '"runbook":1'), document },
    { why: 'about nothing', entry, document: '' },
    { why: 'about what is no JSON', entry, document: '{"alert_id"' },
    { why: 'about no service', entry, document: document.replace('"service"', '"servant"') },
    { why: 'a label that is no text', entry, document: document.replace('"sendMail"', '1') },
  ])('$why', ({ entry: text, document: what }) => {
    expect(decodeEntry(text, what, { serverNow: SERVER }, SAVED)).toBeUndefined()
  })

  test('and what stands in no entry is not in the alert', () => {
    expect(Object.keys(readBack(alertOf())!)).not.toEqual(expect.arrayContaining(['labels']))
    expect(Object.keys(readBack(alertOf())!)).not.toEqual(expect.arrayContaining(['runbook']))
  })
})

const time = fc.integer({ min: -10_000_000, max: SAVED.monotonicMs })
const text = fc.string({ unit: 'grapheme', maxLength: 60 }).map((value) => value.toWellFormed())
const anyBase = fc.record(
  {
    id: text,
    rule: text,
    service: text,
    labels: fc.dictionary(text, text, { maxKeys: 8 }),
    scope: fc.constantFrom<RuleScope>('any', 'all', 'shared'),
    runbook: text,
    severity: fc.constantFrom<Severity>('WARNING', 'CRITICAL'),
    episode: fc.nat(),
    since: fc.integer({ min: AT - 1e9, max: AT }),
    message: text,
    value: fc.option(fc.record({ current: fc.oneof(fc.integer(), text), threshold: fc.integer(), unit: text })),
    frozenAt: time,
    // An alert is said when it is evaluated.
    evaluatedAt: fc.constant(SAVED.monotonicMs),
  },
  { requiredKeys: ['id', 'rule', 'service', 'severity', 'episode', 'since', 'message', 'value', 'evaluatedAt'] },
)
const is = <S extends AlertState>(state: S) => fc.constant(state)
const anyState: fc.Arbitrary<AlertChange> = fc.oneof(
  fc.record({ state: is('inactive'), clearedAt: time }, { requiredKeys: ['state'] }),
  fc.record({ state: is('pending'), breachAt: time, criticalAt: time, clearedAt: time }, { requiredKeys: ['state', 'breachAt'] }),
  fc.record({ state: is('firing'), criticalAt: time, lowerAt: time }, { requiredKeys: ['state'] }),
  fc.record({ state: is('recovering'), okAt: time }),
  fc.record({ state: is('unknown') }),
  fc.record({ state: is('resolved'), clearedAt: time }, { requiredKeys: ['state'] }),
)
const anyAlert: fc.Arbitrary<Alert> = fc.tuple(anyBase, anyState).map(([base, state]) => ({ ...base, ...state }) as Alert)

test('an alert comes back as it was said', () => {
  fc.assert(
    fc.property(anyAlert, (alert) => {
      expect(readBack(alert)).toEqual({ ...alert, scope: alert.scope ?? 'any' })
    }),
  )
})

test('no timer is in the future, and no gap counts but an hour for what is pending, whatever the clocks say', () => {
  const clocks = fc.record({ monotonicMs: fc.integer({ min: 0, max: 1e9 }), epochMs: fc.integer({ min: 0, max: 4e12 }) })
  const beat = fc.option(fc.integer({ min: 0, max: 4e12 }), { nil: undefined })
  fc.assert(
    fc.property(anyAlert, clocks, fc.integer({ min: 0, max: 4e12 }), beat, (alert, now, serverNow, lastBeat) => {
      const back = readBack(alert, serverNow, now, lastBeat)!
      const ageOf = (of: Alert, timer: string, at: number) => at - (of as unknown as Record<string, number>)[timer]!
      const counted = (timer: string) => ageOf(back, timer, now.monotonicMs) - ageOf(alert, timer, SAVED.monotonicMs)
      const unwatched = ageOf(back, 'evaluatedAt', now.monotonicMs)
      for (const timer of Object.keys(alert).filter((key) => key.endsWith('At'))) {
        expect(counted(timer)).toBeGreaterThanOrEqual(0)
        if (back.state === 'pending') expect(counted(timer)).toBeLessThanOrEqual(LONGEST_GAP_MS)
        else expect(unwatched).toBeLessThanOrEqual(Math.max(serverNow - SERVER, 0))
      }
      expect(unwatched).toBeGreaterThanOrEqual(0)
      expect(back.since).toBeLessThanOrEqual(now.epochMs)
    }),
  )
})

describe('an entry as the fold sees it', () => {
  const { entry } = written(alertOf({ state: 'pending', severity: 'CRITICAL', episode: 3 }))
  test('says how it stands, and when it was heard of', () => {
    expect(parseEntry('4f2c', entry, SERVER + 5000, SERVER + 9000)).toEqual({
      ...{ instance: '4f2c', state: 'pending', severity: 'CRITICAL', since: SERVER - 60_000, breaching: true, known: true },
      ...{ at: SERVER, seen: SERVER + 5000, keep: 90_000, episode: 3 },
    })
  })

  test.for([
    { why: 'its last beat', score: SERVER + 5000, seen: SERVER + 5000 },
    { why: 'when it was said, if that was later', score: SERVER - 5000, seen: SERVER },
    { why: 'when it was said, if it is on no list', score: undefined, seen: SERVER },
    { why: 'when it was said, if its beat is from the future', score: SERVER + FURTHEST_AHEAD_MS + 9001, seen: SERVER },
    { why: 'a beat that is a little ahead', score: SERVER + FURTHEST_AHEAD_MS + 9000, seen: SERVER + FURTHEST_AHEAD_MS + 9000 },
  ])('the last sign of life is $why', ({ score, seen }) => {
    expect(parseEntry('4f2c', entry, score, SERVER + 9000)!.seen).toBe(seen)
  })

  test('is gone where others have found that', () => {
    expect(parseEntry('4f2c', entry.replace('"pending"', '"gone"'), undefined, SERVER)!.state).toBe('gone')
  })

  test.for([
    { why: 'no JSON', text: '{' },
    { why: 'a state that does not exist', text: entry.replace('"pending"', '"burning"') },
    { why: 'a severity that does not exist', text: entry.replace('"CRITICAL"', '"FATAL"') },
    { why: 'no word on a breach', text: entry.replace('"breaching":true', '"breaching":1') },
    { why: 'no word on what is known', text: entry.replace('"known":true', '"known":"yes"') },
    { why: 'a time that is none', text: entry.replace(/"age":\d+/, '"age":"x"') },
    { why: 'a limit that is none', text: entry.replace('"keep":90000', '"keep":null') },
  ])('and nothing if it has $why', ({ text: rubbish }) => {
    expect(parseEntry('4f2c', rubbish, undefined, SERVER)).toBeUndefined()
  })
})
