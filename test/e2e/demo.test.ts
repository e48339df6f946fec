/**
 * What a new user sees of `npm start`, with real processes. One demo is shared by most tests; while its alert is kept firing, 60 s by
 * its rule, other demos are started, frozen and killed.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { runningDemos } from '../../examples/demo/running-demos.ts'
import { DemoProcess, isAlive, runFault, type DemoLine } from './demo-process.ts'

const SECOND = 1000

describe('npm start', { timeout: 100 * SECOND }, () => {
  const starts: DemoProcess[] = []
  const start = (...args: ConstructorParameters<typeof DemoProcess>): DemoProcess => {
    const started = new DemoProcess(...args)
    starts.push(started)
    return started
  }
  const demo = start()
  let fired: DemoLine
  afterAll(async () => await demo.stop())

  test('is found by npm run fault, which lists the faults', async () => {
    await demo.line(/ runs +control /)
    expect(runningDemos().map(({ pid }) => pid)).toContain(demo.pid)
    const { code, output } = await runFault([])
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^anisette\.down +off .*\n(?:.*\n)*auth\.2fa /m) as string })
  })

  test.for([
    {
      why: 'a fault that does not exist',
      args: ['nosuch', 'on'],
      code: 1,
      says: /There is no fault "nosuch"; there are .*anisette\.down, /,
    },
    { why: 'a probability that is none', args: ['http.500', 'on', '7'], code: 1, says: /probability of http\.500 is 7; expected a number/ },
    { why: 'an action that does not exist', args: ['http.500', 'maybe'], code: 2, says: /npm run fault -- http\.500 on/ },
  ])('npm run fault refuses $why', async ({ args, code, says }) => {
    expect(await demo.fault(...args)).toEqual({ code, output: expect.stringMatching(says) as string })
  })

  test('anisette.down fires anisette_unreachable CRITICAL and the service is unhealthy', async () => {
    await demo.line(/ metrics .*anisette server reachable/)
    expect(await demo.fault('anisette.down', 'on')).toEqual({ code: 0, output: 'anisette.down is on.\n' })
    fired = await demo.line(/ alerts +fired anisette_unreachable CRITICAL: /)
    await demo.line(/ status +unhealthy, running, .*anisette_unreachable/)
    expect(await demo.fault('anisette.down', 'off')).toEqual({ code: 0, output: 'anisette.down is off.\n' })
  })

  test('--seconds ends it with 0, the fetcher stopped and nothing left', async () => {
    const short = start(['--seconds', '3'])
    const pids = Object.values(await short.pids())
    expect(await short.ended).toEqual([0, null])
    await short.line(/ status +healthy, stopped, /)
    expect(pids.filter(isAlive)).toEqual([])
    expect(runningDemos().map(({ pid }) => pid)).not.toContain(short.pid)
  })

  test.for([
    { why: 'all is well', frozen: undefined },
    { why: 'the fetcher hangs', frozen: 'fetcher' },
    { why: 'Redis hangs', frozen: 'Valkey' },
    { why: 'Apple hangs', frozen: 'Apple' },
  ] as const)('Ctrl-C ends it with 0 within 3 s, when $why', async ({ frozen }) => {
    const other = start()
    const pids = await other.pids()
    await other.line(/ status +healthy, running/)
    if (frozen) process.kill(pids[frozen], 'SIGSTOP')
    const asked = performance.now()
    other.ctrlC()
    expect(await other.ended).toEqual([0, null])
    expect(performance.now() - asked).toBeLessThan(3 * SECOND)
    expect(Object.values(pids).filter(isAlive)).toEqual([])
    if (!frozen) await other.line(/ status +healthy, stopped, /)
  })

  test('a part that dies is named, and ends it with 1', async () => {
    const other = start()
    const pids = await other.pids()
    await other.line(/ status +healthy, running/)
    process.kill(pids.fetcher, 'SIGKILL')
    expect(await other.ended).toEqual([1, null])
    expect(other.stderr).toBe(`The fetcher (pid ${pids.fetcher}) was killed by SIGKILL.\n`)
    expect(Object.values(pids).filter(isAlive)).toEqual([])
  })

  test('killed, it leaves nothing behind', async () => {
    const other = start()
    const pids = await other.pids()
    await other.line(/ status +healthy, running/)
    other.kill('SIGKILL')
    await other.ended
    await expect.poll(() => Object.values(pids).filter(isAlive), { timeout: 5 * SECOND }).toEqual([])
    expect(runningDemos().map(({ pid }) => pid)).not.toContain(other.pid)
  })

  test.for([
    {
      why: 'a health Redis that is set but not there',
      env: { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: '1' },
      says: /^HEALTH_REDIS_HOST is "127\.0\.0\.1", but no Redis can be used at 127\.0\.0\.1:1 \(connect ECONNREFUSED[^\n]*\n$/,
    },
    {
      why: 'a setting that does not parse',
      env: { HEALTH_METRICS_INTERVAL: 'often' },
      says: /^HEALTH_METRICS_INTERVAL is "often", expected [^\n]*\n$/,
    },
    { why: 'an argument that does not exist', args: ['--minutes', '1'], says: /^The argument "--minutes" is not known[^\n]*\n$/ },
  ])('$why is one sentence and exit code 1', async ({ env, args, says }) => {
    const other = new DemoProcess(args, env)
    expect(await other.ended).toEqual([1, null])
    expect(other.stderr).toMatch(says)
  })

  test('says something within a second and how the service is within three', async () => {
    const lines = await Promise.all(
      starts.map(async (each) => [await each.line(/^otel-health demo/), await each.line(/ status +(?:healthy|degraded), /)]),
    )
    // The median of all starts: one of them may have met a busy machine.
    const [first, status] = [0, 1].map(
      (index) => lines.map((pair) => pair[index]!.at).toSorted((a, b) => a - b)[Math.floor(starts.length / 2)],
    )
    expect(first).toBeLessThan(SECOND)
    expect(status).toBeLessThan(3 * SECOND)
  })

  test('knows all eight metrics within 45 s of its start', async () => {
    const { at, text } = await demo.line(/ metrics +fetch rate (?!.*(?: s of 30 s|not known yet))/)
    expect(at).toBeLessThan(45 * SECOND)
    expect(
      text
        .split(' | ')
        .slice(0, 8)
        .map((part) => part.replace(/.* metrics +/, '')),
    ).toEqual([
      expect.stringMatching(/^fetch rate [\d,]+ trackers\/h$/),
      expect.stringMatching(/^success rate [\d.]+ %: \d+ of \d+ failed in 5 min$/),
      'apple account authenticated',
      expect.stringMatching(/^anisette server (?:not )?reachable$/),
      expect.stringMatching(/^queue \d+ due/),
      expect.stringMatching(/^apple api time mean \d+ ms, p95 [\d,]+ ms$/),
      expect.stringMatching(/^new reports [\d.]+ per tracker; \d+ geofence events$/),
      expect.stringMatching(/^batch time mean \d+ ms$/),
    ])
  })

  test('the OTLP receiver gets what the channels tell', async () => {
    const { text } = await demo.line(/ metrics .* otlp [1-9]\d* requests/)
    expect(text).toMatch(/ \| otlp \d+ requests, [1-9]\d+ points$/)
  })

  test('with anisette back the alert resolves and the service is healthy', async () => {
    const resolved = await demo.line(/ alerts +resolved anisette_unreachable CRITICAL: /, fired)
    await demo.line(/ status +healthy, running, /, fired)
    expect(resolved.at - fired.at).toBeGreaterThan(60 * SECOND)
  })

  test('a pipe gets no escape codes', () => {
    // oxlint-disable-next-line no-control-regex
    expect(demo.lines.filter(({ text }) => /[\x00-\x1f\x7f-\x9f]/.test(text))).toEqual([])
  })
})
