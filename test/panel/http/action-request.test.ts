import { expect, test } from 'vitest'

import { actionRequest } from '../../../src/panel/http/action-request.ts'
import type { Action } from '../../../src/panel/protocol.ts'

test.for<{ action: Action; body: Record<string, unknown> }>([
  { action: 'ack', body: { alerts: ['a'], why: 'w' } },
  { action: 'ack', body: { alerts: Array.from({ length: 500 }, (_, i) => `a${i}`), why: 'w', forMs: 1000 } },
  { action: 'silence', body: { matcher: 'service=a', forMs: 60_000, why: 'w' } },
  { action: 'silence', body: { untilResolved: 'a', why: 'w' } },
  { action: 'maintenance', body: { matcher: 'service=a', forMs: 60_000, why: 'w' } },
  { action: 'maintenance', body: { matcher: 'service=a', every: 'daily 03:00', forMs: 60_000, zone: 'UTC', why: 'w' } },
  { action: 'extend', body: { silence: 's', forMs: 60_000, why: 'w' } },
  { action: 'forget', body: { service: 's', why: 'w' } },
  { action: 'pause', body: { service: 's', forMs: 60_000, why: 'w' } },
  { action: 'drain', body: { service: 's', instance: '<b>i</b>', why: 'w' } },
  { action: 'stop', body: { service: 's', name: 's', why: 'w' } },
  { action: 'restart', body: { service: 's', why: 'w' } },
])('$action takes $body', ({ action, body }) => {
  expect(actionRequest(action, body)).toEqual(body)
})

const WHY = { why: 'w' }

test.for<{ action: Action; body: Record<string, unknown>; says: string }>([
  {
    action: 'ack',
    body: { alerts: ['a'] },
    says: 'why of ack is missing, expected a few words, at most 500 characters: they are recorded.',
  },
  {
    action: 'ack',
    body: { alerts: ['a'], why: '  ' },
    says: 'why of ack is not right, expected a few words, at most 500 characters: they are recorded.',
  },
  { action: 'ack', body: { alerts: ['a'], why: 'w'.repeat(501) }, says: 'why of ack is not right' },
  { action: 'ack', body: WHY, says: 'alerts of ack is missing, expected a list of 1 to 500 ids of alerts.' },
  { action: 'ack', body: { ...WHY, alerts: [] }, says: 'alerts of ack is not right' },
  { action: 'ack', body: { ...WHY, alerts: 'a' }, says: 'alerts of ack is not right' },
  { action: 'ack', body: { ...WHY, alerts: ['a', 7] }, says: 'alerts of ack is not right' },
  { action: 'ack', body: { ...WHY, alerts: Array.from({ length: 501 }, () => 'a') }, says: 'alerts of ack is not right' },
  {
    action: 'ack',
    body: { ...WHY, alerts: ['a'], forMs: 0 },
    says: 'forMs of ack is not right, expected whole milliseconds, between a second and 366 days.',
  },
  { action: 'ack', body: { ...WHY, alerts: ['a'], forMs: '1h' }, says: 'forMs of ack is not right' },
  { action: 'ack', body: { ...WHY, alerts: ['a'], by: 'the boss' }, says: '"by" is nothing that ack takes, expected why, alerts, forMs.' },
  { action: 'resolve', body: { ...WHY, alerts: ['a'], forMs: 1000 }, says: '"forMs" is nothing that resolve takes, expected why, alerts.' },
  { action: 'silence', body: WHY, says: 'silence takes either matcher and forMs, or untilResolved alone.' },
  { action: 'silence', body: { ...WHY, matcher: 'service=a' }, says: 'silence takes either matcher and forMs' },
  { action: 'silence', body: { ...WHY, matcher: 'a=b', forMs: 1000, untilResolved: 'a' }, says: 'silence takes either' },
  { action: 'maintenance', body: { ...WHY, matcher: 'a=b', forMs: 1000, every: '' }, says: 'every of maintenance is not right' },
  { action: 'unsilence', body: WHY, says: 'silence of unsilence is missing, expected the id of a silence.' },
  { action: 'pause', body: { ...WHY, service: 's' }, says: 'forMs of pause is missing, expected whole milliseconds' },
  { action: 'stop', body: { service: 's', name: 's' }, says: 'why of stop is missing' },
  { action: 'stop', body: { ...WHY, name: 's' }, says: 'service of stop is missing, expected the name of a service.' },
  {
    action: 'stop',
    body: { ...WHY, service: 's', instance: '' },
    says: 'instance of stop is not right, expected the name of an instance.',
  },
  { action: 'stop', body: { ...WHY, service: 's', instance: ['a', 'b'] }, says: 'instance of stop is not right' },
  { action: 'restart', body: { ...WHY, service: 's', force: true }, says: '"force" is nothing that restart takes' },
  { action: 'forget', body: { ...WHY, service: 'x'.repeat(201) }, says: 'service of forget is not right' },
])('$action refuses $body: $says', ({ action, body, says }) => {
  expect(() => actionRequest(action, body)).toThrow(says)
})
