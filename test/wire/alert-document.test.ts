import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeAlert,
  documentOf,
  encodeAlert,
  encodeTransition,
  LONGEST_GAP_MS,
  parseAlertDocument,
} from '../../src/wire/alert-document.ts'
import type { Instant } from '../../src/judge/alert.ts'
import type { Alert } from '../../src/types.ts'
import { alertOf, AT, transitionOf } from './fixtures.ts'

const SAVED: Instant = { monotonicMs: 61_000, epochMs: AT + 60_000 }

test('an alert message, to the letter, but for what the script allots', () => {
  const { fields, cut } = encodeTransition(transitionOf('fired'), '4f2c', SAVED)
  expect({ fields, cut }).toEqual({
    fields:
      '"type":"fired","deliver":true,"alert_id":"a1","episode":1,' +
      '"service":"tracker_fetcher","rule":"low_success_rate","severity":"WARNING","state":"firing","since":"2026-11-22T10:00:00.000Z",' +
      '"message":"Fetch success rate is 71.4 % over 5 min (limit 80 %): 20 of 70 attempts failed",' +
      '"value":{"current":71.4,"threshold":80,"unit":"percent","n":70,"failures":20,"window_seconds":300},' +
      '"instances":{"4f2c":{"state":"firing","since":"2026-11-22T10:00:00.000Z"}},"overlays":{},"cause":"condition","actor":null,"told":null',
    cut: 0,
  })
})

test('labels and runbook stand in message and document where there are any, and in neither where there are none', () => {
  const alert = { labels: { 'work.name': 'sendMail' }, runbook: 'https://runbooks.example/mail' }
  expect(encodeTransition(transitionOf('fired', alert), '4f2c', SAVED).fields).toContain(
    '"rule":"low_success_rate","labels":{"work.name":"sendMail"},"severity":"WARNING"',
  )
  expect(encodeTransition(transitionOf('fired', alert), '4f2c', SAVED).fields).toContain(
    '20 of 70 attempts failed","runbook":"https://runbooks.example/mail","value"',
  )
  expect(parseAlertDocument('7', saved(alertOf(alert)))).toMatchObject({ alert_id: 'a1', rev: 7, ...alert })
  expect(Object.keys(decodeAlert(saved(alertOf()), SAVED)!)).not.toEqual(expect.arrayContaining(['labels']))
  expect(Object.keys(parseAlertDocument('7', saved(alertOf()))!)).not.toEqual(expect.arrayContaining(['runbook']))
})

test('more than eight labels are cut, and counted', () => {
  const labels = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`l${i}`, i === 0 ? 'x'.repeat(200) : 'x']))
  const encoded = encodeAlert(alertOf({ labels }), '4f2c', SAVED)
  expect(encoded.cut).toBe(3)
  expect(Object.entries(decodeAlert(documentOf(encoded), SAVED)!.labels!)).toEqual(
    Array.from({ length: 8 }, (_, i) => [`l${i}`, i === 0 ? `${'x'.repeat(127)}…` : 'x']),
  )
})

const saved = (alert: Alert, instance = '4f2c') => documentOf(encodeAlert(alert, instance, SAVED))

test.for([
  { why: 'at once', afterMs: 0, breachAgeMs: 60_000 },
  { why: 'after half an hour, which counts', afterMs: 1_800_000, breachAgeMs: 1_860_000 },
  { why: 'after a day, of which an hour counts', afterMs: 86_400_000, breachAgeMs: 60_000 + LONGEST_GAP_MS },
  { why: 'with a clock that was set back meanwhile', afterMs: -7_200_000, breachAgeMs: 60_000 },
])('read back in another process $why', ({ afterMs, breachAgeMs }) => {
  const now = { monotonicMs: 500, epochMs: SAVED.epochMs + afterMs }
  const alert = decodeAlert(saved(alertOf()), now)
  expect(alert).toMatchObject({ id: 'a1', state: 'firing', breachAt: 500 - breachAgeMs })
  expect(alert!.since).toBeLessThanOrEqual(now.epochMs)
})

test.for([
  { why: 'not JSON', document: '{"v":1' },
  { why: 'not an object', document: '[1]' },
  { why: 'another version', document: saved(alertOf()).replace('"v":1', '"v":2') },
  { why: 'a state that does not exist', document: saved(alertOf()).replaceAll('"firing"', '"burning"') },
  { why: 'a label that is no text', document: saved(alertOf()).replace('"rule"', '"labels":{"work.name":1},"rule"') },
  { why: 'a runbook that is no text', document: saved(alertOf()).replace('"rule"', '"runbook":1,"rule"') },
  { why: 'no timers', document: saved(alertOf()).replace('"timers"', '"tempers"') },
  { why: 'a timer that is no number', document: saved(alertOf()).replace(/"breachAt":\d+/, '"breachAt":"x"') },
])('a document that cannot be used is no alert: $why', ({ document }) => {
  expect(decodeAlert(document, SAVED)).toBeUndefined()
})

const time = fc.integer({ min: -10_000_000, max: SAVED.monotonicMs })
const text = fc.string({ unit: 'grapheme', maxLength: 60 }).map((value) => value.toWellFormed())
const anyAlert: fc.Arbitrary<Alert> = fc.record(
  {
    id: text,
    rule: text,
    service: text,
    labels: fc.dictionary(text, text, { maxKeys: 8 }),
    runbook: text,
    state: fc.constantFrom('inactive', 'pending', 'firing', 'recovering', 'unknown', 'resolved'),
    severity: fc.constantFrom('WARNING', 'CRITICAL'),
    episode: fc.nat(),
    since: fc.integer({ min: AT - 1e9, max: AT }),
    message: text,
    value: fc.option(fc.record({ current: fc.oneof(fc.integer(), text), threshold: fc.integer(), unit: text })),
    breachAt: time,
    criticalAt: time,
    lowerAt: time,
    okAt: time,
    frozenAt: time,
    clearedAt: time,
    evaluatedAt: time,
  },
  { requiredKeys: ['id', 'rule', 'service', 'state', 'severity', 'episode', 'since', 'message', 'value', 'breachAt', 'evaluatedAt'] },
)

test('an alert comes back as it was saved', () => {
  fc.assert(
    fc.property(anyAlert, (alert) => {
      expect(decodeAlert(saved(alert), SAVED)).toEqual(alert)
    }),
  )
})

test('no timer is in the future and none gains more than the gap, whatever the clocks say', () => {
  const clocks = fc.record({ monotonicMs: fc.integer({ min: 0, max: 1e9 }), epochMs: fc.integer({ min: 0, max: 4e12 }) })
  fc.assert(
    fc.property(anyAlert, clocks, (alert, now) => {
      const back = decodeAlert(saved(alert), now)!
      for (const timer of ['breachAt', 'criticalAt', 'lowerAt', 'okAt', 'frozenAt', 'evaluatedAt'] as const) {
        if (alert[timer] === undefined) continue
        const [before, after] = [SAVED.monotonicMs - alert[timer], now.monotonicMs - back[timer]!]
        expect(after - before).toBeGreaterThanOrEqual(0)
        expect(after - before).toBeLessThanOrEqual(LONGEST_GAP_MS)
      }
    }),
  )
})

const labelsOf = (name: string, value: string) => Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i}${name}`, value]))

test('message and document are JSON that fits, whatever the texts', () => {
  const hostile = fc.string({ unit: 'binary', maxLength: 30 }).map((value) => value.repeat(100))
  fc.assert(
    fc.property(hostile, hostile, hostile, (id, message, instance) => {
      const encoded = encodeTransition(
        transitionOf('fired', { id, message, rule: id, runbook: message, labels: labelsOf(id, message) }),
        instance,
        SAVED,
      )
      const told = `{${encoded.fields}}`
      const document = documentOf(encoded)
      expect(() => [JSON.parse(told), JSON.parse(document)] as unknown).not.toThrow()
      expect(Buffer.byteLength(told)).toBeLessThan(65_536 - 1024)
    }),
  )
})
