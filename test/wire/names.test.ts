import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as names from '../../src/wire/names.ts'

const ALONE = ['services', 'due', 'silent', 'open', 'alerts', 'meta', 'watcher', 'silences', 'audit', 'outcomes', 'causing']

test.for([
  {
    why: 'one shard',
    given: names.shardNames(),
    tag: '{health}',
    channels: ['health:system:alerts', 'health:service:geo:status', 'health:service:geo:metrics'],
  },
  {
    why: 'the fourth of eight',
    given: names.shardNames(3, 8),
    tag: '{health:3}',
    channels: ['{health:3}:system:alerts', '{health:3}:service:status', '{health:3}:service:metrics'],
  },
])('keys and channels are those of the wire: $why', ({ given, tag, channels }) => {
  const { shard: _shard, sharded: _sharded, ...rest } = given
  const shown = Object.fromEntries(Object.entries(rest).map(([name, is]) => [name, typeof is === 'string' ? is : is('geo', '4f2c')]))
  expect(shown).toEqual({
    ...Object.fromEntries(ALONE.map((name) => [name, `${tag}:${name}`])),
    overlayDue: `${tag}:overlay-due`,
    status: `${tag}:status:geo:4f2c`,
    instances: `${tag}:instances:geo`,
    openOf: `${tag}:open:geo`,
    starts: `${tag}:starts:geo`,
    restarts: `${tag}:restarts:geo`,
    draining: `${tag}:draining:geo`,
    counted: `${tag}:counted:geo`,
    requests: `${tag}:requests:geo`,
    answers: `${tag}:answers:geo`,
    desired: `${tag}:desired:geo`,
    taken: `${tag}:taken:geo:4f2c`,
    down: `${tag}:down:geo`,
    recovering: `${tag}:recovering:geo`,
    alert: `${tag}:alert:geo`,
    entries: `${tag}:alert:geo:instances`,
    history: `${tag}:history:geo`,
    alertsChannel: channels[0],
    statusChannel: channels[1],
    metricsChannel: channels[2],
  })
})

test('patterns for those who listen to all services of one shard', () => {
  expect([names.STATUS_CHANNELS, names.METRICS_CHANNELS]).toEqual(['health:service:*:status', 'health:service:*:metrics'])
})

test.for([
  { channel: 'health:system:alerts', is: { kind: 'alerts', service: undefined } },
  { channel: '{health:12}:system:alerts', is: { kind: 'alerts', service: undefined } },
  { channel: 'health:service:geo:status', is: { kind: 'status', service: 'geo' } },
  { channel: 'health:service:geo:metrics', is: { kind: 'metrics', service: 'geo' } },
  { channel: '{health:12}:service:status', is: { kind: 'status', service: undefined } },
  { channel: '{health:12}:service:metrics', is: { kind: 'metrics', service: undefined } },
  { channel: '{health:x}:service:metrics', is: undefined },
  { channel: 'health:service:a:b:status', is: undefined },
  { channel: 'health:system:alerts:more', is: undefined },
  { channel: 'news', is: undefined },
])('what comes over $channel', ({ channel, is }) => {
  expect(names.kindOfChannel(channel)).toEqual(is)
})

test('a service lives in one shard, wherever it is looked up, and services are spread over all of them', () => {
  expect(names.shardOf('geocoding', 1)).toMatchObject({ shard: 0, meta: '{health}:meta' })
  // FNV-1a of the empty text, and of `a`: published test vectors.
  expect([names.shardOf('', 1024).shard, names.shardOf('a', 1024).shard]).toEqual([0x811c9dc5 % 1024, 0xe40c292c % 1024])
  const lives = Array.from({ length: 4000 }, (_, i) => names.shardOf(`service-${i}`, 8).shard)
  for (const { shard } of names.allShards(8)) expect(lives.filter((each) => each === shard).length).toBeGreaterThan(400)
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: names.MOST_SHARDS }), (service, shards) => {
      expect(names.shardOf(service, shards).meta).toBe(names.allShards(shards)[names.shardOf(service, shards).shard]!.meta)
    }),
  )
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
