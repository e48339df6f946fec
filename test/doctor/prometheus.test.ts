/** A server that answers as Prometheus does. The real one is in test/ci/doctor.test.ts. */
import { createServer, type IncomingMessage } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Finding } from '../../src/doctor/finding.ts'
import { checkPrometheus } from '../../src/doctor/prometheus.ts'
import { closedPort, listening } from '../support/upstream.ts'

const NOW = 1_795_341_600
const HEARTBEAT = 'health_heartbeat_time_seconds'

interface Beat {
  readonly job: string
  readonly instance?: string
  readonly name?: string
  /** Seconds. */
  readonly age?: number
}

interface Served {
  readonly beats?: readonly Beat[]
  readonly receiver?: string
  readonly answer?: (path: string) => { readonly status: number; readonly body: string } | undefined
}

/** Its URL, and the requests that came. */
async function serve({ beats = [], receiver = 'true', answer }: Served): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createServer((req, res) => {
    requests.push(req)
    const url = new URL(req.url!, 'http://host')
    const other = answer?.(url.pathname)
    if (other) return void res.writeHead(other.status).end(other.body)
    const data = {
      '/api/v1/status/buildinfo': { version: '3.13.5' },
      '/api/v1/status/flags': { 'web.enable-otlp-receiver': receiver },
      '/api/v1/query': { result: results(beats, url.searchParams.get('query') ?? '') },
    }[url.pathname]
    res.writeHead(data ? 200 : 404).end(JSON.stringify({ status: 'success', data }))
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${await listening(server)}`, requests }
}

function results(beats: readonly Beat[], query: string): object[] {
  const job = /job="([^"]*)"/.exec(query)?.[1]
  return beats
    .filter((beat) => job === undefined || (beat.job === job && beat.name === undefined))
    .map(({ name = HEARTBEAT, age = 5, instance = 'a', ...labels }) => ({
      metric: { __name__: name, instance, job: labels.job },
      value: [NOW, String(NOW - age)],
    }))
}

async function check(
  url: string,
  { beating = true, job }: { readonly beating?: boolean; readonly job: string | undefined } = { job: 'mailer' },
): Promise<ReadonlyMap<string, Finding>> {
  const question = { url, job, exportIntervalSeconds: 60, beating: Promise.resolve(beating) }
  const findings = await checkPrometheus(question, AbortSignal.timeout(5000))
  return new Map(findings.map((finding) => [finding.name, finding]))
}

test('all is well', async () => {
  const { url, requests } = await serve({ beats: [{ job: 'mailer' }, { job: 'mailer', instance: 'b', age: 50 }, { job: 'fetcher' }] })
  expect([...(await check(url)).values()]).toEqual([
    { name: 'prometheus', status: 'ok', message: `Prometheus 3.13.5 at ${url}` },
    { name: 'prometheus-otlp', status: 'ok', message: 'its OTLP receiver is on' },
    { name: 'prometheus-series', status: 'ok', message: 'the newest heartbeat of mailer is 5 s old, from 2 instances' },
    { name: 'prometheus-names', status: 'ok', message: `names are as the dashboards ask for them (${HEARTBEAT})` },
  ])
  // Nothing is written: it is only asked.
  expect(new Set(requests.map(({ method }) => method))).toEqual(new Set(['GET']))
})

test.for([
  {
    why: 'the service beats, but none of its figures arrive',
    served: { beats: [{ job: 'fetcher' }] },
    name: 'prometheus-series',
    status: 'fail',
    says: /^there is no health_heartbeat_time_seconds of job mailer \(there are those of fetcher\), though the service beats on Redis$/,
  },
  {
    why: 'nobody has ever exported',
    served: {},
    beating: false,
    name: 'prometheus-series',
    status: 'warn',
    says: /^there is no health_heartbeat_time_seconds of job mailer$/,
  },
  { why: 'nobody has ever exported, so names are not known', served: {}, name: 'prometheus-names', status: 'skip', says: /not known/ },
  {
    why: 'the heartbeat is old',
    served: { beats: [{ job: 'mailer', age: 240 }] },
    name: 'prometheus-series',
    status: 'warn',
    says: /^the newest heartbeat of mailer is 4 min old, from 1 instance: older than 3 exports$/,
  },
  {
    why: 'names without their unit',
    served: { beats: [{ job: 'mailer', name: 'health_heartbeat_time' }] },
    name: 'prometheus-names',
    status: 'fail',
    says: /^the heartbeat of mailer is called health_heartbeat_time, but the dashboards ask for/,
  },
  {
    why: 'so the figures are there all the same',
    served: { beats: [{ job: 'mailer', name: 'health_heartbeat_time' }] },
    name: 'prometheus-series',
    status: 'skip',
    says: /^figures of mailer are there, but under other names$/,
  },
  {
    why: 'names with dots',
    served: { beats: [{ job: 'mailer', name: 'health.heartbeat.time_seconds' }] },
    name: 'prometheus-names',
    status: 'fail',
    says: /is called health\.heartbeat\.time_seconds/,
  },
  { why: 'the receiver is off', served: { receiver: 'false' }, name: 'prometheus-otlp', status: 'warn', says: /receiver is off$/ },
  {
    why: 'a server like Prometheus, whose flags are others',
    served: { answer: (path: string) => (path.endsWith('/flags') ? { status: 404, body: 'no' } : undefined) },
    name: 'prometheus-otlp',
    status: 'skip',
    says: /does not tell/,
  },
])('$why', async ({ served, beating = true, name, status, says }) => {
  const { url } = await serve(served)
  const found = (await check(url, { beating, job: 'mailer' })).get(name)
  expect(found).toMatchObject({ status, message: expect.stringMatching(says) as string })
  expect(found!.mend !== undefined).toBe(status === 'fail' || status === 'warn')
})

test('a service whose name is not known is not looked for', async () => {
  const { url, requests } = await serve({ beats: [{ job: 'fetcher' }] })
  expect((await check(url, { job: undefined })).get('prometheus-series')).toMatchObject({ status: 'skip' })
  expect(requests.filter(({ url: asked }) => asked!.includes('job'))).toEqual([])
})

test('user and password of the URL are sent, and not shown', async () => {
  const { url, requests } = await serve({ beats: [{ job: 'mailer' }] })
  const found = await check(url.replace('://', '://me:se%40cret@'))
  expect(requests[0]!.headers.authorization).toBe(`Basic ${Buffer.from('me:se@cret').toString('base64')}`)
  expect(found.get('prometheus')).toMatchObject({ status: 'ok' })
  expect(JSON.stringify([...found])).not.toMatch(/cret/)
})

describe('no Prometheus', () => {
  test('nobody listens', async () => {
    const found = await check(`http://127.0.0.1:${await closedPort()}`)
    expect([...found.values()]).toMatchObject([
      { name: 'prometheus', status: 'fail', message: expect.stringMatching(/nobody listens/) as string },
    ])
  })

  test.for([
    { why: 'it wants credentials', status: 401, body: 'secret', says: /answers 401: it wants other credentials/ },
    { why: 'it is a web page', status: 200, body: '<!doctype html>', says: /answers 200, but not as Prometheus does/ },
    { why: 'it is a redirect', status: 302, body: '', says: /answers 302, but not/ },
  ])('$why', async ({ status, body, says }) => {
    const { url } = await serve({ answer: () => ({ status, body }) })
    const [found, ...more] = (await check(url)).values()
    expect(found).toMatchObject({ name: 'prometheus', status: 'fail', message: expect.stringMatching(says) as string })
    expect(more).toEqual([])
  })

  test.for(['localhost:9090', 'prometheus', 'ftp://host'])('%s is no URL of it', async (url) => {
    expect([...(await check(url)).values()]).toMatchObject([{ status: 'fail', message: 'its address is no URL of http or https' }])
  })
})
