/** Real requests to a real server, as they are told to a recorder. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'

import type { HealthConfig } from '../../src/config/health-config.ts'
import { NO_LIMIT } from '../../src/instrument/http/asked-to-wait.ts'
import type { UpstreamCall } from '../../src/zero-code/service-recorder.ts'
import { watchUpstreams } from '../../src/zero-code/watch-upstreams.ts'
import type { Upstream } from '../support/upstream.ts'
import { startUpstream } from '../support/upstream.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

let server: Upstream
beforeAll(async () => {
  server = await startUpstream()
})
afterAll(() => server.close())
let stop = (): void => {}
afterEach(() => stop())

interface Row {
  readonly why: string
  readonly config?: HealthConfig['upstreams']
  readonly path: string
  /** Milliseconds until it is answered; negative: until the service gives it up. */
  readonly after: number
  readonly call: Omit<UpstreamCall, 'upstream'> | undefined
}

const NAMED = { bus: { host: '127.0.0.1' } }
const WAITS = { bus: { host: '127.0.0.1', waits: true } }

test.for<Row>([
  {
    why: 'is to a host that nobody named',
    path: '/hang',
    after: 15_000,
    call: { durationMs: 15_000, errorType: undefined, unnamed: true },
  },
  { why: 'is late', config: NAMED, path: '/hang', after: 15_000, call: { durationMs: 15_000, errorType: undefined } },
  {
    why: 'asked to wait',
    config: NAMED,
    path: '/hang?wait=20',
    after: 15_000,
    call: { durationMs: 15_000, errorType: undefined, waitMs: 20_000 },
  },
  {
    why: 'waits as health.config says',
    config: WAITS,
    path: '/hang',
    after: 15_000,
    call: { durationMs: 15_000, errorType: undefined, waitMs: NO_LIMIT },
  },
  { why: 'is given up for being late', config: NAMED, path: '/hang', after: -6000, call: { durationMs: 6000, errorType: 'timeout' } },
  { why: 'is given up while it waits', config: NAMED, path: '/hang?wait=20', after: -6000, call: undefined },
  {
    why: 'is given up long after it should have been answered',
    config: NAMED,
    path: '/hang?wait=20',
    after: -26_000,
    call: { durationMs: 26_000, errorType: 'timeout', waitMs: 20_000 },
  },
  { why: 'is given up while it waits as health.config says', config: WAITS, path: '/hang', after: -60_000, call: undefined },
])('a request that $why', async ({ config, path, after, call }) => {
  const clock = new VirtualClock()
  const calls: UpstreamCall[] = []
  let ended = 0
  stop = watchUpstreams({
    clock,
    kind: { keys: {} },
    config: config ? { upstreams: config } : {},
    recorder: { httpRequest: () => void ended++, apiCall: (made) => void calls.push(made), attempt: () => expect.unreachable() },
  })
  const abort = new AbortController()
  const came = server.next()
  const answer = fetch(server.origin + path, { signal: abort.signal }).then((response) => response.text())
  const { res } = await came
  clock.advance(Math.abs(after))
  if (after < 0) abort.abort()
  else res.writeHead(200, { 'content-length': 2 }).end('{}')
  await answer.catch(() => {})
  await vi.waitUntil(() => ended === 1)
  expect(calls).toEqual(call ? [{ upstream: config ? 'bus' : '127.0.0.1', ...call }] : [])
})
