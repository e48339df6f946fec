import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { parser } from '@prometheus-io/lezer-promql'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { monthQueries, serviceOfJob } from '../../../src/panel/data/month-queries.ts'
import { monthTrends } from '../../../src/panel/data/month-trends.ts'
import { Prometheus, type Series } from '../../../src/panel/data/prometheus.ts'
import type { RuleRow } from '../../../src/panel/protocol.ts'

const RANGE = { from: 0, to: 60_000, stepSeconds: 30 }
const AT = Date.UTC(2026, 10, 22, 10, 20)

let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => answer(request, response, Buffer.concat(chunks).toString()))
})
let host: string
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

function says(status: number, body: string): void {
  answer = (_request, response) => response.writeHead(status).end(body)
}

test('a range is asked for with what was given, and no credential stands in the address', async () => {
  let asked: readonly unknown[] = []
  answer = ({ method, url, headers }, response, body) => {
    asked = [method, url, headers.authorization, body]
    response.end('{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"job":"a"},"values":[[0,"1.5"],[30,"NaN"]]}]}}')
  }
  const found = await new Prometheus(`http://ada:s%40crt@${host}/base`).range('up', RANGE)
  expect(found).toEqual([
    {
      labels: { job: 'a' },
      points: [
        [0, 1.5],
        [30_000, null],
      ],
    },
  ])
  const basic = `Basic ${Buffer.from('ada:s@crt').toString('base64')}`
  expect(asked).toEqual(['POST', '/base/api/v1/query_range', basic, 'query=up&start=0&end=60&step=30'])
})

test.for([
  { sentence: 'an error of its own', status: 500, body: 'x', says: 'answers 500' },
  { sentence: 'no JSON', status: 200, body: '<html>', says: 'does not answer in JSON' },
  { sentence: 'another answer', status: 200, body: '{"status":"success","data":{"result":5}}', says: 'answers something that is no range' },
  {
    sentence: 'series that are none',
    status: 200,
    body: '{"status":"success","data":{"result":[{"metric":{"a":1},"values":[]}]}}',
    says: 'is no range of series',
  },
  { sentence: 'another address to go to', status: 302, body: '', says: 'answers 302' },
])('$sentence is one sentence that names no credential', async ({ status, body, says: sentence }) => {
  says(status, body)
  const error = await new Prometheus(`http://ada:secret@${host}`).range('up', RANGE).catch((reason: unknown) => reason as Error)
  expect((error as Error).message).toContain(sentence)
  expect((error as Error).message).not.toContain('secret')
})

test('one that is not there is said', async () => {
  await expect(new Prometheus('http://127.0.0.1:1').range('up', RANGE)).rejects.toThrow('Prometheus at 127.0.0.1:1 cannot be reached.')
})

test.for(['prometheus:9090', 'file:///etc/passwd', ''])('%j is no address of a Prometheus', (url) => {
  expect(() => new Prometheus(url)).toThrow('HEALTH_PROMETHEUS_URL is no address of a Prometheus')
})

test.for(monthQueries(['mailer', 'a.b']))('the question for $figure is PromQL, about the services alone', ({ expr }) => {
  const wrong: string[] = []
  parser.parse(expr).iterate({ enter: ({ type, from, to }) => void (type.isError && wrong.push(expr.slice(from, to))) })
  expect(wrong).toEqual([])
  const selectors = expr.match(/\{[^}]*\}/g)!
  expect(selectors.every((each) => each.includes(String.raw`job=~"(?:.*/)?(?:mailer|a\\.b)"`))).toBe(true)
})

test.for([
  ['mailer', 'mailer'],
  ['shop/mailer', 'mailer'],
])('the job %s is the service %s', ([job, service]) => {
  expect(serviceOfJob(job!)).toBe(service)
})

const DAY = 86_400
const TO = Math.floor(AT / 1000 / 10_800) * 10_800
/** A queue that grows by a hundred a day, known for so many days. */
const growing = (days: number): Series => ({
  labels: { job: 'shop/mailer' },
  points: Array.from({ length: days * 8 + 1 }, (_, i) => [(TO - days * DAY + i * 10_800) * 1000, 100 + (i * 100) / 8] as const),
})
const large: RuleRow = { rule: 'large_queue', says: 'ok', threshold: 10_000, instance: 'a' }

test('a month is drawn with its gaps, and it is said when the queue reaches its limit', async () => {
  const prometheus = { range: (expr: string) => Promise.resolve(expr.includes('queue') ? [growing(20)] : []) }
  const rows = await monthTrends(['mailer', 'unheard'], { prometheus, at: AT, detailOf: () => ({ alerts: [], rules: [large] }) })
  expect(rows.map(({ service }) => service)).toEqual(['mailer'])
  const [{ charts, forecasts }] = rows as [(typeof rows)[number]]
  expect(charts.map(({ figure }) => figure)).toEqual(['total_queue_size'])
  expect(charts[0]!.times).toHaveLength(241)
  expect(charts[0]!.lines[0]!.values.filter((value) => value !== null)).toHaveLength(161)
  expect(charts[0]!.limits).toEqual([{ severity: 'WARNING', value: 10_000 }])
  expect(forecasts[0]!.days!.value).toBeCloseTo((10_000 - 2100) / 100, 3)
})

test('of two days nothing is said', async () => {
  const prometheus = { range: (expr: string) => Promise.resolve(expr.includes('queue') ? [growing(2)] : []) }
  const rows = await monthTrends(['mailer'], { prometheus, at: AT, detailOf: () => ({ alerts: [], rules: [large] }) })
  expect(rows[0]!.forecasts[0]!.says).toBe('not enough data: 48 h of 3 d')
})
