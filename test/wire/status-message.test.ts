import { describe, expect, test } from 'vitest'

import type { Snapshot, Verdict } from '../../src/types.ts'
import { parseStatus } from '../../src/wire/message.ts'
import { MAX_MESSAGE_BYTES, SIGNATURE_BYTES } from '../../src/wire/sizes.ts'
import { isSigned, signed } from '../../src/wire/signature.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import { alertOf, snapshotOf } from './fixtures.ts'

test('a status message, to the letter', () => {
  expect(encodeStatus(snapshotOf(), 812)).toEqual({
    cut: 0,
    json:
      '{"v":1,"service":"tracker_fetcher","instance":"4f2c","beat":812,"timestamp":"2026-11-22T10:00:00.000Z","status":"degraded","instance_status":"healthy",' +
      '"phase":"running","since":"2026-11-22T09:58:34.000Z","uptime_seconds":86,"reasons":["low_success_rate"],' +
      '"checks":{"redis":{"status":"healthy","latency_ms":0.4},"sql":{"status":"unhealthy","latency_ms":5000,"error":"timeout"}},' +
      '"metrics":{"fetch_rate_per_hour":713.2,"success_rate_percent":null,"queue_sizes":{"immediate":0,"hot":12},"anisette_server_reachable":true},' +
      '"alerts":[{"id":"a1","rule":"low_success_rate","severity":"WARNING","state":"firing","since":"2026-11-22T10:00:00.000Z",' +
      '"message":"Fetch success rate is 71.4 % over 5 min (limit 80 %): 20 of 70 attempts failed"}]}',
  })
})

test('what the service depends on stands in it behind the kind, where it says so', () => {
  const { json } = encodeStatus(snapshotOf({ kind: 'worker', dependsOn: ['tracker_fetcher', 'redis'] }), 1)
  expect(json).toContain('"kind":"worker","depends_on":["tracker_fetcher","redis"],"status":"degraded"')
})

test('why figures are not known, and whether work is seen, stand in it behind the figures', () => {
  const unknown = { success_rate_percent: 'no source of work is watched' }
  const { json } = encodeStatus(snapshotOf({ unknown, working: false }), 1)
  expect(json).toContain(
    '"anisette_server_reachable":true},"unknown":{"success_rate_percent":"no source of work is watched"},"working":false,"alerts":',
  )
  expect(parseStatus('tracker_fetcher', json)).toMatchObject({ unknown, working: false })
})

test('what may be asked of it, how long it may take to drain and what is in hand stand in it behind that', () => {
  const inHand = { count: 3, oldestSeconds: 12.4, oldest: [{ name: 'mails', id: '7', seconds: 12.4 }] }
  const { json } = encodeStatus(snapshotOf({ working: true, control: ['pause', 'resume'], drainLimitSeconds: 600, inHand }), 1)
  expect(json).toContain(
    '"working":true,"control":["pause","resume"],"drain_limit_seconds":600,"work_in_hand":{"count":3,"oldest_seconds":12},"alerts":',
  )
  expect(parseStatus('tracker_fetcher', json)).toMatchObject({
    ...{ control: ['pause', 'resume'], drain_limit_seconds: 600, work_in_hand: { count: 3, oldest_seconds: 12 } },
  })
})

test('that it works again only in part stands in it, where it is so', () => {
  const { json } = encodeStatus(snapshotOf({ pausedInPart: true }), 1)
  expect(json).toContain('"paused_in_part":true,"alerts":')
  expect(parseStatus('tracker_fetcher', json)).toMatchObject({ paused_in_part: true })
  expect(encodeStatus(snapshotOf(), 1).json).not.toContain('paused_in_part')
})

test('which jobs were in hand when the process before was killed stands in it, where there are any', () => {
  const { json } = encodeStatus(snapshotOf({ interrupted: [{ name: 'video', id: '17', times: 2 }] }), 1)
  expect(json).toContain('"interrupted":[{"queue":"video","job":"17","times":2}],"alerts":')
  expect(parseStatus('tracker_fetcher', json)).toMatchObject({ interrupted: [{ queue: 'video', job: '17', times: 2 }] })
})

test.for([
  { field: 'interrupted', value: '{}' },
  { field: 'interrupted', value: '[{"queue":"video","job":17,"times":2}]' },
  { field: 'interrupted', value: '[{"queue":"video","job":"17","times":0}]' },
  { field: 'interrupted', value: JSON.stringify([{ queue: 'video', job: '1'.repeat(300), times: 1 }]) },
  { field: 'interrupted', value: JSON.stringify(Array.from({ length: 6 }, () => ({ queue: 'video', job: '1', times: 1 }))) },
  { field: 'paused_in_part', value: '"true"' },
  { field: 'working', value: '"no"' },
  { field: 'control', value: '["pause","reboot"]' },
  { field: 'control', value: '"pause"' },
  { field: 'drain_limit_seconds', value: '-1' },
  { field: 'work_in_hand', value: '{"count":-1,"oldest_seconds":0}' },
  { field: 'work_in_hand', value: '{"count":1.5,"oldest_seconds":0}' },
  { field: 'work_in_hand', value: '{"count":1}' },
  { field: 'unknown', value: '{"a":1}' },
  { field: 'unknown', value: '[]' },
  { field: 'rules', value: '{}' },
  { field: 'rules', value: '["low_success_rate"]' },
  { field: 'rules', value: '[{"rule":"a","says":"fine"}]' },
  { field: 'rules', value: '[{"rule":"a","says":"ok"},{"rule":"b","says":"ok","current":{}}]' },
  { field: 'rules', value: JSON.stringify(Array.from({ length: 257 }, () => ({ rule: 'a', says: 'ok' }))) },
  { field: 'rules_left_out', value: '-1' },
])('a $field that is $value is left out, and the message stands', ({ field, value }) => {
  const { json } = encodeStatus(snapshotOf(), 1)
  const message = parseStatus('tracker_fetcher', json.replace('"v":1', `"v":1,"${field}":${value}`))
  expect(message).toMatchObject({ status: 'degraded' })
  expect(message).not.toHaveProperty(field)
})

test('kind, labels and runbook stand in it where there are any', () => {
  const alerts = [alertOf({ labels: { 'work.name': 'sendMail' }, runbook: 'https://runbooks.example/mail' })]
  const { json } = encodeStatus(snapshotOf({ kind: 'worker', alerts }), 1)
  expect(json).toContain('"timestamp":"2026-11-22T10:00:00.000Z","kind":"worker","status":"degraded"')
  expect(json).toContain('"rule":"low_success_rate","labels":{"work.name":"sendMail"},"severity":"WARNING"')
  expect(json).toContain('20 of 70 attempts failed","runbook":"https://runbooks.example/mail"}')
})

describe('rules', () => {
  const verdicts: Snapshot['verdicts'] = [
    { rule: 'restart_loop', kind: 'inconclusive', reason: 'no_data' },
    {
      rule: 'low_success_rate',
      kind: 'breach',
      severity: 'WARNING',
      message: 'Fetch success rate is 71.4 %',
      value: { current: 71.4, threshold: 80, unit: 'percent', n: 70, failures: 20, window_seconds: 300 },
    },
  ]
  const rules = { low_success_rate: { forSeconds: 60, breach: 'below' }, restart_loop: { forSeconds: 0, breach: 'above' } } as const
  const RULES =
    ',"rules":[{"rule":"low_success_rate","says":"breach","current":71.4,"threshold":80,"unit":"percent","side":"below","for_seconds":60},' +
    '{"rule":"restart_loop","says":"inconclusive","reason":"no_data"}]}'

  test('stand at the end of it, to the letter, and are read back', () => {
    const { json } = encodeStatus(snapshotOf({ verdicts, rules }), 1)
    expect(json.slice(json.indexOf(',"rules"'))).toBe(RULES)
    expect(json.slice(0, json.indexOf(',"rules"'))).toBe(encodeStatus(snapshotOf(), 1).json.slice(0, -1))
    expect(parseStatus('tracker_fetcher', json)?.rules).toEqual(JSON.parse(`{${RULES.slice(1)}`).rules)
  })

  test('are signed with it', () => {
    const key = 'k'.repeat(16)
    const json = signed(key, 'status', encodeStatus(snapshotOf({ verdicts, rules }), 1).json)
    expect(isSigned(key, 'status', json)).toBe(true)
    expect(isSigned(key, 'status', json.replace('71.4', '91.4'))).toBe(false)
  })

  test('of which one cannot be read are left out, all of them, and the message stands', () => {
    const { json } = encodeStatus(snapshotOf({ verdicts, rules }), 1)
    const message = parseStatus('tracker_fetcher', json.replace('"says":"inconclusive"', '"says":7,"rules_left_out":3'))
    expect(message).toMatchObject({ status: 'degraded' })
    expect(message).not.toHaveProperty('rules')
  })

  test('shorten nothing else, however many they are: the message is as it would be without them, and fits with its signature', () => {
    const many = Array.from({ length: 5000 }, (_, i): Verdict => ({ ...verdicts[1]!, rule: `rule_${i}` }))
    const room = Array.from({ length: 60 }, (_, i) => `${i} ${'x'.repeat(1000)}`)
    for (const reasons of [[], room, [...room, 'x'.repeat(900)]]) {
      const bare = encodeStatus(snapshotOf({ reasons }), 1)
      const full = encodeStatus(snapshotOf({ reasons, verdicts: many }), 1)
      expect(full.json.startsWith(bare.json.slice(0, -1))).toBe(true)
      expect(Buffer.byteLength(full.json)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES - SIGNATURE_BYTES)
      expect(full.cut).toBe(bare.cut)
      const { rules: told = [], rules_left_out: leftOut = 0 } = parseStatus('tracker_fetcher', full.json)!
      expect(told.length + leftOut).toBe(5000)
    }
  })
})
