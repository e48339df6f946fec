import { describe, expect, test } from 'vitest'
import { encodeMetrics } from '../../src/wire/metrics-message.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import { parseMessage, whyNoMessage } from '../../src/wire/message.ts'
import { alertFields } from '../subscribe/record.ts'
import { alertOf, snapshotOf } from './fixtures.ts'

const STATUS = 'health:service:tracker_fetcher:status'
const METRICS = 'health:service:tracker_fetcher:metrics'
const ALERTS = 'health:system:alerts'
const status = encodeStatus(snapshotOf(), 1).json
const alert = `{"v":1,"id":"5-41","epoch":"e","seq":41,"rev":41,${alertFields({ id: 'a1' })}}`
const labelled = { labels: { 'work.name': 'sendMail' }, runbook: 'https://runbooks.example/mail' }

test.for([
  { channel: STATUS, text: status, is: { channel: 'status', status: 'degraded', beat: 1 } },
  { channel: METRICS, text: encodeMetrics(snapshotOf(), 2).json, is: { channel: 'metrics', beat: 2 } },
  { channel: ALERTS, text: alert, is: { channel: 'alerts', seq: 41, type: 'fired', state: 'firing' } },
  { channel: STATUS, text: status.replace('{', '{"added_later":true,'), is: { channel: 'status' } },
  { channel: STATUS, text: encodeStatus(snapshotOf({ kind: 'worker' }), 1).json, is: { channel: 'status', kind: 'worker' } },
  { channel: STATUS, text: encodeStatus(snapshotOf({ dependsOn: ['geo', 'redis'] }), 1).json, is: { depends_on: ['geo', 'redis'] } },
  { channel: STATUS, text: encodeStatus(snapshotOf({ alerts: [alertOf(labelled)] }), 1).json, is: { alerts: [labelled] } },
  { channel: ALERTS, text: alert.replace('{', `{${JSON.stringify(labelled).slice(1, -1)},`), is: { channel: 'alerts', ...labelled } },
  { channel: '{health:3}:service:status', text: status, is: { channel: 'status', service: 'tracker_fetcher' } },
  { channel: '{health:3}:system:alerts', text: alert, is: { channel: 'alerts', seq: 41 } },
])('what is written can be read: $is', ({ channel, text, is }) => {
  expect(parseMessage(channel, text)).toMatchObject(is)
})

test.for([
  { why: 'is not said', dependsOn: undefined },
  { why: 'is no list', dependsOn: 'redis' },
  { why: 'is a list of something else', dependsOn: ['redis', 1] },
  { why: 'has a name of 129 characters', dependsOn: ['x'.repeat(129)] },
  { why: 'has 257 names', dependsOn: Array.from({ length: 257 }, (_, i) => `s${i}`) },
])('where what it depends on $why, the rest of the message stands', ({ dependsOn }) => {
  const message = parseMessage(STATUS, JSON.stringify({ ...(JSON.parse(status) as object), depends_on: dependsOn }))
  expect(message).toEqual(parseMessage(STATUS, status))
  expect(message).not.toHaveProperty('depends_on')
})

describe('what is no message is none', () => {
  test.for([
    { why: 'not JSON', channel: STATUS, text: status.slice(0, -1) },
    { why: 'no object', channel: STATUS, text: '[]' },
    { why: 'larger than 64 KB', channel: STATUS, text: status.replace('{', `{"x":"${'x'.repeat(65_536)}",`) },
    { why: 'another version', channel: STATUS, text: status.replace('"v":1', '"v":2') },
    { why: 'of another service', channel: 'health:service:geocoding:status', text: status },
    {
      why: 'a service with a name that no service has',
      channel: 'health:service:a b:status',
      text: status.replaceAll('tracker_fetcher', 'a b'),
    },
    { why: 'on a channel of another kind', channel: METRICS, text: status },
    { why: 'on a channel that is none of ours', channel: 'health:service:tracker_fetcher:gossip', text: status },
    { why: 'a status that does not exist', channel: STATUS, text: status.replace('"degraded"', '"fine"') },
    { why: 'a time that is none', channel: STATUS, text: status.replace('2026-11-22T10:00:00.000Z', 'yesterday') },
    { why: 'a list that is none', channel: STATUS, text: status.replace('"reasons":["low_success_rate"]', '"reasons":"none"') },
    { why: 'an alert without a sequence', channel: ALERTS, text: alert.replace('"seq":41', '"seq":"41"') },
    { why: 'an alert with an id that is no id', channel: ALERTS, text: alert.replace('"5-41"', '"$"') },
    { why: 'labels that are no record', channel: ALERTS, text: alert.replace('"rule"', '"labels":["sendMail"],"rule"') },
    { why: 'a label that is no text', channel: ALERTS, text: alert.replace('"rule"', '"labels":{"work.name":1},"rule"') },
    { why: 'a runbook that is no text', channel: ALERTS, text: alert.replace('"rule"', '"runbook":{},"rule"') },
    { why: 'a kind that is no text', channel: STATUS, text: status.replace('"phase"', '"kind":[],"phase"') },
    { why: 'a check whose error is no text', channel: STATUS, text: status.replace('"error":"timeout"', '"error":5') },
    { why: 'an alert that says nothing of instances', channel: ALERTS, text: alert.replace('"instances"', '"others"') },
    {
      why: 'an alert with an instance that says nothing',
      channel: ALERTS,
      text: alert.replace('"instances":{"a":{', '"instances":{"a":{},"b":{'),
    },
    { why: 'an alert that leaves out a text', channel: ALERTS, text: alert.replace('"instances"', '"instances_left_out":"3","instances"') },
    { why: 'an alert of no severity', channel: ALERTS, text: alert.replace('"WARNING"', '"FATAL"') },
  ])('$why', ({ channel, text }) => {
    expect(parseMessage(channel, text)).toBeUndefined()
  })
})

test.for([
  { why: 'too large', text: 'x'.repeat(70_000), says: 'is larger than 64 KB' },
  { why: 'no JSON', text: '{', says: 'is no JSON object' },
  { why: 'no object', text: '[1]', says: 'is no JSON object' },
  { why: 'without a version', text: '{}', says: 'has no version' },
  { why: 'with a version that is none', text: '{"v":"\\u001b[2J"}', says: 'has no version' },
  { why: 'of a version to come', text: '{"v":2}', says: 'has version 2, which this otel-health does not know' },
  { why: 'without what a reader relies on', text: '{"v":1}', says: 'is no status message' },
])('what is $why is said to be that', ({ text, says }) => {
  expect(whyNoMessage(STATUS, text)).toBe(says)
})
