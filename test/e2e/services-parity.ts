/**
 * Five services that know nothing of otel-health print the same and end the same with and without it, whatever they do
 * and however they are started.
 */
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

import { REGISTER, SERVICE_NAMES, type ServiceEnd, type ServiceName, type ServiceRun } from './service-process.ts'
import type { Surroundings } from './service-surroundings.ts'

const TIMEOUT = { timeout: 120_000 }

const IMPORT = ['--import', REGISTER]
const otherHook = (file: string): string[] => ['--import', fileURLToPath(new URL(`./services/other-hooks/${file}`, import.meta.url))]

export function testParity(surroundings: () => Surroundings): void {
  /** What a service does by itself, found out once for each way of running it. */
  const alone = new Map<string, Promise<ServiceEnd>>()
  async function runAlone(run: ServiceRun): Promise<ServiceEnd> {
    const key = JSON.stringify(run)
    if (!alone.has(key)) alone.set(key, surroundings().run(run))
    return await alone.get(key)!
  }

  /** Ends that would make the comparison worthless if the service did not come to them by itself. */
  type Expected = Pick<ServiceEnd, 'code' | 'signal'>

  describe.concurrent.for(SERVICE_NAMES)('%s', (service) => {
    test.concurrent.for<{ why: string; env: NodeJS.ProcessEnv; end?: Expected; says?: RegExp }>([
      { why: 'does its work and ends', env: {}, end: { code: 0, signal: null } },
      { why: 'fails at all of its work and ends', env: { FAIL: '1' }, end: { code: 0, signal: null } },
      { why: 'throws what nobody catches', env: { CRASH: 'throw' }, end: { code: 1, signal: null }, says: /Error: [^]*\n {4}at / },
      { why: 'has a rejection that nobody handles', env: { CRASH: 'reject' }, end: { code: 1, signal: null }, says: /Error: / },
      { why: 'calls process.exit(3)', env: { CRASH: 'exit3' }, end: { code: 3, signal: null } },
      { why: 'handles SIGTERM in its own way', env: { CRASH: 'sigterm' } },
      { why: 'is terminated without a handler', env: { CRASH: 'sigterm-bare' }, end: { code: null, signal: 'SIGTERM' } },
    ])('$why', TIMEOUT, async ({ env, end, says = /^$/ }) => {
      const [bare, watched] = await Promise.all([runAlone({ service, env }), surroundings().run({ service, env, node: IMPORT })])
      if (end) expect(bare).toMatchObject(end)
      expect(bare.stderr).toMatch(says)
      expect(watched).toEqual(bare)
    })

    test('is loaded with --require', TIMEOUT, async () => {
      const [bare, watched] = await Promise.all([
        runAlone({ service, env: {} }),
        surroundings().run({ service, env: {}, node: ['--require', REGISTER] }),
      ])
      expect(watched).toEqual(bare)
    })

    test('runs as a worker thread', TIMEOUT, async () => {
      const thread = { service, by: 'in-worker-thread.js' } as const
      const [bare, watched] = await Promise.all([runAlone(thread), surroundings().run({ ...thread, node: IMPORT })])
      expect(bare).toMatchObject({ code: 0, stdout: expect.stringContaining('the worker ended with 0') })
      expect(watched).toEqual(bare)
    })
  })

  /** Nobody listens there. */
  const NOBODY = { HEALTH_REDIS_PORT: '1', OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }

  test.concurrent.for<{ why: string; run: ServiceRun }>([
    { why: 'throws in a thread', run: { service: 'class-fetcher', by: 'in-worker-thread.js', env: { CRASH: 'throw' } } },
    {
      why: 'has an unhandled rejection in a thread',
      run: { service: 'function-worker', by: 'in-worker-thread.js', env: { CRASH: 'reject' } },
    },
    { why: 'calls process.exit(3) in a thread', run: { service: 'fetch-loop', by: 'in-worker-thread.js', env: { CRASH: 'exit3' } } },
    { why: 'ends with nobody to tell', run: { service: 'fetch-loop', env: NOBODY } },
    { why: 'is terminated with nobody to tell', run: { service: 'class-fetcher', env: { ...NOBODY, CRASH: 'sigterm-bare' } } },
    { why: 'runs in a cluster', run: { service: 'class-fetcher', by: 'in-cluster.js' } },
    { why: 'throws in a cluster', run: { service: 'typescript-service', by: 'in-cluster.js', env: { CRASH: 'throw' } } },
  ])('$run.service $why', TIMEOUT, async ({ run }) => {
    const [bare, watched] = await Promise.all([runAlone(run), surroundings().run({ ...run, node: IMPORT })])
    if (run.by) expect(bare.stdout).toMatch(/ended with/)
    expect(watched).toEqual(bare)
  })

  const BESIDE: readonly { why: string; service: ServiceName; hook: string }[] = [
    { why: 'hooks on a thread of their own', service: 'class-fetcher', hook: 'loader-thread.mjs' },
    { why: 'hooks on a thread of their own', service: 'function-worker', hook: 'loader-thread.mjs' },
    { why: 'hooks on a thread of their own', service: 'typescript-service', hook: 'loader-thread.mjs' },
    { why: 'hooks on its own thread', service: 'class-fetcher', hook: 'same-thread.mjs' },
    { why: 'hooks on its own thread', service: 'function-worker', hook: 'same-thread.mjs' },
    { why: 'hooks on its own thread', service: 'typescript-service', hook: 'same-thread.mjs' },
  ]

  test.concurrent.for(BESIDE)(
    "$service runs with another product's $why, imported before ours and after",
    TIMEOUT,
    async ({ service, hook }) => {
      const other = otherHook(hook)
      const [bare, before, after] = await Promise.all([
        runAlone({ service, node: other }),
        surroundings().run({ service, node: [...other, ...IMPORT] }),
        surroundings().run({ service, node: [...IMPORT, ...other] }),
      ])
      expect(bare.code).toBe(0)
      expect(before).toEqual(bare)
      expect(after).toEqual(bare)
    },
  )

  test.concurrent('typescript-service throws out of a watched function what nobody catches', TIMEOUT, async () => {
    const run: ServiceRun = { service: 'typescript-service', env: { CRASH: 'throw-watched' } }
    const [bare, watched] = await Promise.all([runAlone(run), surroundings().run({ ...run, node: IMPORT })])
    expect(bare.stderr).toMatch(/RangeError: [^]*\n {4}at Geocoder.normalise/)
    // Node begins with the line that threw last, which is ours.
    const withoutLine = ({ stderr, ...end }: ServiceEnd) => ({ ...end, stderr: stderr.slice(stderr.indexOf('RangeError: ')) })
    expect(withoutLine(watched)).toEqual(withoutLine(bare))
  })
}
