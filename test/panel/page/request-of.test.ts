import { expect, test } from 'vitest'

import type { AskingAboutAlerts } from '../../../src/panel/page/actions/asking.ts'
import { requestsOf, type Filled } from '../../../src/panel/page/actions/request-of.ts'
import type { ActionRequest, SilenceRow } from '../../../src/panel/protocol.ts'
import { alertRow } from './rows.ts'

const alert = alertRow({ id: '1' })
const silence: SilenceRow = { id: '4b1f', matcher: '*', by: 'ada', why: 'x', inForce: true, from: 0, matches: [] }
const filled: Filled = { why: 'deploy', forMs: 60_000, matchers: ['service=a', 'service=b'] }
const { forMs: _forMs, ...untilResolved } = filled

test.for<{
  readonly says: string
  readonly asking: AskingAboutAlerts
  readonly filled: Filled
  readonly requests: readonly ActionRequest[]
}>([
  {
    says: 'an acknowledgement has an end',
    asking: { action: 'ack', alerts: [alert] },
    filled,
    requests: [{ why: 'deploy', alerts: ['1'], forMs: 60_000 }],
  },
  { says: 'a resolve has none', asking: { action: 'resolve', alerts: [alert] }, filled, requests: [{ why: 'deploy', alerts: ['1'] }] },
  {
    says: 'each matcher is a silence',
    asking: { action: 'silence', matchers: [] },
    filled,
    requests: [
      { why: 'deploy', matcher: 'service=a', forMs: 60_000 },
      { why: 'deploy', matcher: 'service=b', forMs: 60_000 },
    ],
  },
  {
    says: 'a silence that ends with its alert has no matcher',
    asking: { action: 'silence', matchers: ['service=a'], alert },
    filled: untilResolved,
    requests: [{ why: 'deploy', untilResolved: '1' }],
  },
  {
    says: 'maintenance that comes again has its time and zone',
    asking: { action: 'maintenance', matchers: [] },
    filled: { ...filled, matchers: ['*'], repeats: { every: 'Sun 02:00', zone: 'UTC' } },
    requests: [{ why: 'deploy', matcher: '*', every: 'Sun 02:00', zone: 'UTC', forMs: 60_000 }],
  },
  {
    says: 'a silence is extended',
    asking: { action: 'extend', silence },
    filled,
    requests: [{ why: 'deploy', silence: '4b1f', forMs: 60_000 }],
  },
  { says: 'a silence is ended', asking: { action: 'unsilence', silence }, filled, requests: [{ why: 'deploy', silence: '4b1f' }] },
  { says: 'a service is forgotten', asking: { action: 'forget', service: 'a' }, filled, requests: [{ why: 'deploy', service: 'a' }] },
])('$says', ({ asking, filled: given, requests }) => {
  expect(requestsOf(asking, given)).toEqual(requests)
})

test('more alerts than the server takes at once are several requests', () => {
  const alerts = Array.from({ length: 1201 }, (_, i) => alertRow({ id: String(i) }))
  const requests = requestsOf({ action: 'ack', alerts }, filled)
  expect(requests.map((request) => request.alerts?.length)).toEqual([500, 500, 201])
  expect(requests.flatMap((request) => request.alerts ?? [])).toEqual(alerts.map(({ id }) => id))
})
