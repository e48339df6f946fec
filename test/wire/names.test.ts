import { expect, test } from 'vitest'
import * as names from '../../src/wire/names.ts'

test('keys and channels are those of the wire', () => {
  expect({
    status: names.statusKey('tracker_fetcher', '4f2c'),
    instances: names.instancesKey('tracker_fetcher'),
    alert: names.alertKey('a1'),
    history: names.historyKey('tracker_fetcher'),
    lists: [names.SERVICES_KEY, names.OPEN_KEY, names.ALERTS_KEY, names.META_KEY],
    channels: [names.ALERTS_CHANNEL, names.statusChannel('tracker_fetcher'), names.metricsChannel('tracker_fetcher')],
    patterns: [names.STATUS_CHANNELS, names.METRICS_CHANNELS],
  }).toEqual({
    status: '{health}:status:tracker_fetcher:4f2c',
    instances: '{health}:instances:tracker_fetcher',
    alert: '{health}:alert:a1',
    history: '{health}:history:tracker_fetcher',
    lists: ['{health}:services', '{health}:open', '{health}:alerts', '{health}:meta'],
    channels: ['health:system:alerts', 'health:service:tracker_fetcher:status', 'health:service:tracker_fetcher:metrics'],
    patterns: ['health:service:*:status', 'health:service:*:metrics'],
  })
})

test.for([
  { why: 'a UUID stays', given: 'b1946ac9-1f0e-4e8a-9d5c-1c1a2f2f7a11', is: 'b1946ac9-1f0e-4e8a-9d5c-1c1a2f2f7a11' },
  { why: 'a name that would end a line or steer a terminal', given: 'pod 1\r\n\u001b[2J\u009b', is: 'pod_1___[2J_' },
  { why: '10 KB are cut', given: 'x'.repeat(10_000), is: 'x'.repeat(128) },
  { why: 'half a character at the end', given: `${'x'.repeat(127)}😀`, is: `${'x'.repeat(127)}\ufffd` },
])('instance names in keys: $why', ({ given, is }) => {
  expect(names.toInstanceName(given)).toBe(is)
  expect(names.toInstanceName(is)).toBe(is)
})
