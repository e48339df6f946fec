import { describe, expect, test } from 'vitest'
import { encodeTransition } from '../../src/publish/alert-document.ts'
import * as written from '../../src/publish/keys.ts'
import { encodeMetrics, encodeStatus } from '../../src/publish/payload.ts'
import { parseMessage } from '../../src/subscribe/message.ts'
import * as read from '../../src/subscribe/names.ts'
import { snapshotOf, transitionOf } from '../publish/fixtures.ts'

const STATUS = 'health:service:tracker_fetcher:status'
const METRICS = 'health:service:tracker_fetcher:metrics'
const ALERTS = 'health:system:alerts'
const status = encodeStatus(snapshotOf(), 1).json
const { fields } = encodeTransition(transitionOf('fired'), '4f2c', { monotonicMs: 0, epochMs: 0 })
const alert = `{"v":1,"id":"5-41","epoch":"e","seq":41,"rev":41,"timestamp":"2026-11-22T10:00:00.000Z",${fields}}`

test('both sides use the same names', () => {
  expect({
    keys: [
      read.SERVICES_KEY,
      read.OPEN_KEY,
      read.ALERTS_KEY,
      read.META_KEY,
      read.statusKey('s', 'i'),
      read.instancesKey('s'),
      read.alertKey('a'),
    ],
    channels: [read.ALERTS_CHANNEL, read.STATUS_CHANNELS, read.METRICS_CHANNELS],
  }).toEqual({
    keys: [
      ...[written.SERVICES_KEY, written.OPEN_KEY, written.ALERTS_KEY, written.META_KEY],
      ...[written.statusKey('s', 'i'), written.instancesKey('s'), written.alertKey('a')],
    ],
    channels: [written.ALERTS_CHANNEL, written.statusChannel('*'), written.metricsChannel('*')],
  })
})

test.for([
  { channel: STATUS, text: status, is: { kind: 'status', status: 'degraded', beat: 1 } },
  { channel: METRICS, text: encodeMetrics(snapshotOf(), 2).json, is: { kind: 'metrics', beat: 2 } },
  { channel: ALERTS, text: alert, is: { kind: 'alert', seq: 41, type: 'fired', state: 'firing' } },
  { channel: STATUS, text: status.replace('{', '{"added_later":true,'), is: { kind: 'status' } },
])('what is written can be read: $is', ({ channel, text, is }) => {
  expect(parseMessage(channel, text)).toMatchObject(is)
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
    { why: 'an alert of no severity', channel: ALERTS, text: alert.replace('"WARNING"', '"FATAL"') },
  ])('$why', ({ channel, text }) => {
    expect(parseMessage(channel, text)).toBeUndefined()
  })
})
