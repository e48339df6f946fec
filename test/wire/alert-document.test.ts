import { expect, test } from 'vitest'
import { parseAlertDocument } from '../../src/wire/alert-document.ts'
import { alertOf, documentOf } from './fixtures.ts'

const since = '2026-11-22T10:00:00.000Z'

test('a document is read as it was written, with the revision that stands beside it', () => {
  expect(parseAlertDocument('9', documentOf(alertOf()))).toMatchObject({
    ...{
      alert_id: 'a1',
      rev: 9,
      service: 'tracker_fetcher',
      rule: 'low_success_rate',
      episode: 1,
      severity: 'WARNING',
      state: 'firing',
      since,
    },
    value: { current: 71.4, threshold: 80, unit: 'percent', n: 70, failures: 20, window_seconds: 300 },
    instances: { '4f2c': { state: 'firing', severity: 'WARNING', since, breaching: true, seen: since } },
  })
  expect(parseAlertDocument(null, documentOf(alertOf()))!.rev).toBe(0)
})

test('labels and runbook stand in it where there are any, and nowhere else', () => {
  const labelled = { labels: { 'work.name': 'sendMail' }, runbook: 'https://runbooks.example/mail' }
  expect(parseAlertDocument('7', documentOf(alertOf(labelled)))).toMatchObject(labelled)
  const bare = Object.keys(parseAlertDocument('7', documentOf(alertOf()))!)
  expect(bare).not.toContain('labels')
  expect(bare).not.toContain('runbook')
})

test.for([
  {
    why: 'an instance that is gone',
    change: { instances: { a: { state: 'gone', severity: 'CRITICAL', since, breaching: false, seen: since } } },
  },
  { why: 'no instance at all, as after it was forgotten', change: { instances: {} } },
  { why: 'more instances than are named', change: { instances_left_out: 17 } },
  { why: 'no evidence', change: { value: null } },
  { why: 'what a later otel-health may add', change: { added_later: [1] } },
])('a document may have $why', ({ change }) => {
  expect(parseAlertDocument('7', documentOf(alertOf(), change))).toMatchObject(change)
})

const instance = { state: 'firing', severity: 'WARNING', since, breaching: true, seen: since }
test.for([
  { why: 'there is none', document: null },
  { why: 'it is not JSON', document: '{"v":1' },
  { why: 'it is not an object', document: '[1]' },
  { why: 'it is of another version', document: documentOf(alertOf(), { v: 2 }) },
  { why: 'it is larger than 64 KB', document: documentOf(alertOf(), { x: 'x'.repeat(65_536) }) },
  { why: 'it has no id', document: documentOf(alertOf(), { alert_id: undefined }) },
  { why: 'it is of a service that no service is called', document: documentOf(alertOf({ service: 'a b' })) },
  { why: 'its state does not exist', document: documentOf(alertOf(), { state: 'burning' }) },
  { why: 'its state is one of instances only', document: documentOf(alertOf(), { state: 'gone' }) },
  { why: 'its severity does not exist', document: documentOf(alertOf(), { severity: 'FATAL' }) },
  { why: 'its episode is no number', document: documentOf(alertOf(), { episode: '1' }) },
  { why: 'its time is none', document: documentOf(alertOf(), { since: 'yesterday' }) },
  { why: 'its message is no text', document: documentOf(alertOf(), { message: null }) },
  { why: 'a label is no text', document: documentOf(alertOf(), { labels: { 'work.name': 1 } }) },
  { why: 'its runbook is no text', document: documentOf(alertOf(), { runbook: 1 }) },
  { why: 'it says nothing of instances', document: documentOf(alertOf(), { instances: undefined }) },
  { why: 'an instance is no record', document: documentOf(alertOf(), { instances: { a: 1 } }) },
  {
    why: 'the state of an instance does not exist',
    document: documentOf(alertOf(), { instances: { a: { ...instance, state: 'burning' } } }),
  },
  {
    why: 'nobody can tell whether an instance breaches',
    document: documentOf(alertOf(), { instances: { a: { ...instance, breaching: 1 } } }),
  },
  { why: 'the last sign of life of an instance is none', document: documentOf(alertOf(), { instances: { a: { ...instance, seen: 0 } } }) },
  { why: 'the number of instances left out is none', document: documentOf(alertOf(), { instances_left_out: 'many' }) },
])('no alert is read where $why', ({ document }) => {
  expect(parseAlertDocument('7', document)).toBeUndefined()
})
