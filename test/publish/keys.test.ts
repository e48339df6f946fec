import { expect, test } from 'vitest'
import * as keys from '../../src/publish/keys.ts'

test('keys and channels are those of the wire', () => {
  expect({
    status: keys.statusKey('tracker_fetcher', '4f2c'),
    instances: keys.instancesKey('tracker_fetcher'),
    alert: keys.alertKey('a1'),
    history: keys.historyKey('tracker_fetcher'),
    lists: [keys.SERVICES_KEY, keys.OPEN_KEY, keys.ALERTS_KEY, keys.SILENCES_KEY, keys.AUDIT_KEY, keys.META_KEY],
    channels: [keys.ALERTS_CHANNEL, keys.statusChannel('tracker_fetcher'), keys.metricsChannel('tracker_fetcher')],
  }).toEqual({
    status: '{health}:status:tracker_fetcher:4f2c',
    instances: '{health}:instances:tracker_fetcher',
    alert: '{health}:alert:a1',
    history: '{health}:history:tracker_fetcher',
    lists: ['{health}:services', '{health}:open', '{health}:alerts', '{health}:silences', '{health}:audit', '{health}:meta'],
    channels: ['health:system:alerts', 'health:service:tracker_fetcher:status', 'health:service:tracker_fetcher:metrics'],
  })
})

test.for([
  { why: 'a UUID stays', given: 'b1946ac9-1f0e-4e8a-9d5c-1c1a2f2f7a11', is: 'b1946ac9-1f0e-4e8a-9d5c-1c1a2f2f7a11' },
  { why: 'a name that would end a line or steer a terminal', given: 'pod 1\r\n\u001b[2J\u009b', is: 'pod_1___[2J_' },
  { why: '10 KB are cut', given: 'x'.repeat(10_000), is: 'x'.repeat(128) },
  { why: 'half a character at the end', given: `${'x'.repeat(127)}😀`, is: `${'x'.repeat(127)}\ufffd` },
])('instance names in keys: $why', ({ given, is }) => {
  expect(keys.toInstanceName(given)).toBe(is)
  expect(keys.toInstanceName(is)).toBe(is)
})
