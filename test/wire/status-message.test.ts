import { expect, test } from 'vitest'
import { parseStatus } from '../../src/wire/message.ts'
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

test.for([
  { field: 'working', value: '"no"' },
  { field: 'unknown', value: '{"a":1}' },
  { field: 'unknown', value: '[]' },
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
