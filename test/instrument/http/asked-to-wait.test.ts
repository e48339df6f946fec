import fc from 'fast-check'
import { expect, test } from 'vitest'

import { askedToWaitMs, NO_LIMIT } from '../../../src/instrument/http/asked-to-wait.ts'
import { headerOf } from '../../../src/instrument/http/raw-headers.ts'

interface Row {
  readonly why: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly waitMs: number
}

const JSON_BODY = { 'content-type': 'application/json' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

test.for<Row>([
  // What asks for nothing of the kind.
  { why: 'an ordinary request', path: '/orders?limit=20&page=2', headers: { accept: 'application/json' }, waitMs: 0 },
  { why: 'an order in JSON', path: '/orders', headers: JSON_BODY, body: '{"amount":20,"waiter":"Jo","awaited":5}', waitMs: 0 },
  { why: 'a body that is none', path: '/orders', headers: JSON_BODY, body: '{"wait":', waitMs: 0 },
  { why: 'a list in JSON', path: '/orders', headers: JSON_BODY, body: '[{"wait":20}]', waitMs: 0 },
  { why: 'a wait that is no time', path: '/orders?wait=soon&timeout=', waitMs: 0 },
  { why: 'no wait', path: '/changes?wait=false&timeout=0', waitMs: 0 },
  { why: 'JSON or events, as MCP clients take both', headers: { accept: 'application/json, text/event-stream' }, waitMs: 0 },
  { why: 'a stream of tokens, which is to begin at once', headers: JSON_BODY, body: '{"model":"m","stream":true}', waitMs: 0 },
  { why: 'an index that is no blocking query', path: '/search?index=5', waitMs: 0 },

  // Headers.
  { why: 'server-sent events', headers: { accept: 'text/event-stream' }, waitMs: NO_LIMIT },
  { why: 'a websocket', headers: { upgrade: 'websocket' }, waitMs: NO_LIMIT },
  { why: 'Prefer of RFC 7240', headers: { prefer: 'respond-async, wait=20' }, waitMs: 20_000 },

  // Services.
  { why: 'SQS in JSON', path: '/', headers: { 'x-amz-target': 'AmazonSQS.ReceiveMessage' }, body: '{"WaitTimeSeconds":5}', waitMs: 5000 },
  { why: 'SQS, whose body nobody saw', path: '/', headers: { 'x-amz-target': 'AmazonSQS.ReceiveMessage' }, waitMs: 20_000 },
  {
    why: 'SQS, whose queue has a wait of its own',
    path: '/',
    headers: { 'x-amz-target': 'AmazonSQS.ReceiveMessage' },
    body: '{}',
    waitMs: 20_000,
  },
  { why: 'another call of SQS', path: '/', headers: { 'x-amz-target': 'AmazonSQS.DeleteMessage' }, body: '{}', waitMs: 0 },
  {
    why: 'SQS as a form',
    path: '/1/q',
    headers: FORM,
    body: 'Action=ReceiveMessage&WaitTimeSeconds=20&Version=2012-11-05',
    waitMs: 20_000,
  },
  { why: 'SQS in the query', path: '/1/q?Action=ReceiveMessage', waitMs: 20_000 },
  { why: 'activities of Step Functions', headers: { 'x-amz-target': 'AWSStepFunctions.GetActivityTask' }, waitMs: 60_000 },
  { why: 'Telegram in the query', path: '/bot1:x/getUpdates?offset=1&timeout=30', waitMs: 30_000 },
  { why: 'Telegram in JSON', path: '/bot1:x/getUpdates', headers: JSON_BODY, body: '{"offset":1,"timeout":30}', waitMs: 30_000 },
  { why: 'Telegram, whose body nobody saw', path: '/bot1:x/getUpdates', waitMs: 50_000 },
  { why: 'another call of Telegram', path: '/bot1:x/sendMessage', headers: JSON_BODY, body: '{"chat_id":1,"text":"wait"}', waitMs: 0 },
  { why: 'Consul, which adds a sixteenth', path: '/v1/kv/x?index=17&wait=16s', waitMs: 17_000 },
  { why: 'Consul by default', path: '/v1/health/service/web?index=17', waitMs: 318_750 },
  { why: 'etcd', path: '/v2/keys/foo?wait=true', waitMs: NO_LIMIT },
  { why: 'Kubernetes', path: '/api/v1/pods?watch=1&timeoutSeconds=300', waitMs: 300_000 },
  { why: 'CouchDB', path: '/db/_changes?feed=longpoll&timeout=60000', waitMs: 60_000 },
  { why: 'CouchDB for ever', path: '/db/_changes?feed=continuous', waitMs: NO_LIMIT },
  { why: 'Matrix', path: '/_matrix/client/v3/sync?since=s1&timeout=30000', waitMs: 30_000 },
  { why: 'Kafka by REST', path: '/consumers/g/instances/i/records?timeout=3000', waitMs: 3000 },
  {
    why: 'Camunda',
    path: '/external-task/fetchAndLock',
    headers: JSON_BODY,
    body: '{"maxTasks":1,"asyncResponseTimeout":25000}',
    waitMs: 25_000,
  },
  { why: 'socket.io', path: '/socket.io/?EIO=4&transport=polling&sid=x', waitMs: NO_LIMIT },
  { why: 'Dropbox', path: '/2/files/list_folder/longpoll', headers: JSON_BODY, body: '{"cursor":"c","timeout":45}', waitMs: 45_000 },
  { why: 'Lambda', path: '/2018-06-01/runtime/invocation/next', waitMs: NO_LIMIT },
  { why: 'Docker', path: '/containers/abc/wait', waitMs: NO_LIMIT },
  { why: 'Pub/Sub', path: '/v1/projects/p/subscriptions/s:pull', waitMs: 90_000 },

  // Those nobody listed.
  { why: 'seconds by its name', path: '/next?max_wait_seconds=2500', waitMs: 2_500_000 },
  { why: 'milliseconds by its name', path: '/next?polling-timeout-ms=800', waitMs: 800 },
  { why: 'milliseconds, for nobody waits so many seconds', path: '/next?blockingTimeout=1500', waitMs: 1500 },
  { why: 'a unit of its own', path: '/next?hold=5m', waitMs: 300_000 },
  { why: 'a form', path: '/next', headers: FORM, body: 'group=g&block=2000', waitMs: 2000 },
  { why: 'a target that is a whole URL, as a proxy is told', path: 'http://a.test/longpoll?ts=5', waitMs: NO_LIMIT },
])('a request asked for a wait of $waitMs ms: $why', ({ path = '/', headers = {}, body, waitMs }) => {
  expect(askedToWaitMs({ path, body, header: (name) => headerOf(headers, name) })).toBe(waitMs)
})

test('whatever is sent, it asked for a wait of some length', () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.oneof(fc.string(), fc.json()), { nil: undefined }), fc.string(), (path, body, header) => {
      expect(askedToWaitMs({ path, body, header: () => header })).toBeGreaterThanOrEqual(0)
    }),
  )
})

test('a request that cannot be read asked for nothing', () => {
  const request = {
    body: undefined,
    get path(): string {
      throw new Error('gone')
    },
    header: () => undefined,
  }
  expect(askedToWaitMs(request)).toBe(0)
})
