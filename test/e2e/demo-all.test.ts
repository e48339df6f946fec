/**
 * What a new user sees of `npm start -- --all`, with real processes and in real time. One demo for all: while an alert of one service takes
 * the three minutes that its rule wants to fire and to resolve, another service is broken.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { runningDemos } from '../../examples/demo/running-demos.ts'
import { DemoProcess, isAlive, type DemoLine } from './demo-process.ts'

const SECOND = 1000
const SERVICES = ['tracker_fetcher', 'location_aggregator', 'realtime_geofence', 'notification', 'geocoding']
const AFFECTED = SERVICES.slice(1)

/**
 * A gateway that hangs makes a queue of notifications; with the default of 10,000 it would take a day. The limit is far above the bursts of
 * four or five that come when all is well: one above it begins the two minutes anew after which the alert resolves.
 */
const demo = new DemoProcess(['--all'], { LARGE_QUEUE_THRESHOLD: '20' })
afterAll(async () => await demo.stop())

/** `otel-health status` of the demo's Valkey: its exit code and what it printed. */
async function status(...args: readonly string[]): Promise<{ code: number; output: string }> {
  const port = /127\.0\.0\.1:(\d+)/.exec((await demo.line(/ runs +Valkey /)).text)![1]
  const child = spawn(process.execPath, ['src/cli/main.ts', 'status', ...args], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    env: { ...process.env, HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: port },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code] = (await once(child, 'close')) as [number]
  return { code, output }
}

/** What `npm start -- --all` has told of alerts: of which service, and of which rule. */
function alertsOf(type: string): readonly (readonly [service: string, rule: string])[] {
  return demo.lines.flatMap(({ text }) => {
    const [, service, rule] = new RegExp(` alerts +(\\w+) ${type} (\\w+)`).exec(text) ?? []
    return service !== undefined && rule !== undefined ? [[service, rule] as const] : []
  })
}

describe('npm start -- --all', { timeout: 180 * SECOND }, () => {
  let fired: DemoLine

  test('five services are healthy within 60 s', async () => {
    const { at, text } = await demo.line(/ healthy +all five services are healthy, \d+ s after the start$/)
    expect(at).toBeLessThan(60 * SECOND)
    expect(Number(/(\d+) s after/.exec(text)![1])).toBeCloseTo(at / SECOND, -1)
    const { code, output } = await status()
    expect({ code, rows: output.match(/^\w+ +healthy +1 of 1 +- +\d+ s ago$/gm)?.length }).toEqual({ code: 0, rows: 5 })
  })

  test('npm run fault lists the faults of all that the services call', async () => {
    const { output } = await demo.fault()
    for (const { text } of demo.lines.filter((line) => / try +npm run fault/.test(line.text))) {
      expect(output).toContain(`\n${/fault -- (\S+) on/.exec(text)![1]} `)
    }
  })

  test('npm run fault takes the settings of a fault', async () => {
    expect(await demo.fault('geocoder.429', 'on', 'provider=photon', 'retry_after_s=1')).toEqual({
      code: 0,
      output: 'geocoder.429 is on with provider photon, retry_after_s 1.\n',
    })
    expect(await demo.fault('geocoder.429', 'off')).toEqual({ code: 0, output: 'geocoder.429 is off.\n' })
    expect((await demo.fault('geocoder.429', 'on', 'photon')).code).toBe(2)
    expect(await demo.fault('geocoder.429', 'on', 'provider=here')).toEqual({
      code: 1,
      output: expect.stringContaining('provider of geocoder.429 is "here"') as string,
    })
  })

  test('a gateway that hangs fires an alert of notification and of no other service', async () => {
    await demo.fault('gateway.slow', 'on')
    fired = await demo.line(/ alerts +notification fired large_queue WARNING: \d+ items are due \(limit 20\)/)
    await demo.line(/ status +notification degraded, running: large_queue/)
    expect(new Set(alertsOf('fired').map(([service]) => service))).toEqual(new Set(['notification']))
    await demo.fault('gateway.slow', 'off')
  })

  test('while Apple wants a code the fetcher is unhealthy and the others are as they were', async () => {
    expect(await demo.fault('auth.2fa', 'on')).toEqual({ code: 0, output: 'auth.2fa is on.\n' })
    const on = await demo.line(/ fault +auth\.2fa is on/)
    await demo.line(/ status +tracker_fetcher unhealthy, running: apple_account_unauthenticated/, on)
    for (const service of AFFECTED)
      await demo.line(new RegExp(` depends +${service} depends on tracker_fetcher.*, which is unhealthy: `), on)
    const { code, output } = await status()
    expect(code).not.toBe(0)
    expect(output).toMatch(/^tracker_fetcher +unhealthy /m)
    for (const service of ['location_aggregator', 'realtime_geofence', 'geocoding'])
      expect(output).toMatch(new RegExp(`^${service} +healthy `, 'm'))
    expect(output).toMatch(/^notification +degraded /m)
    expect(new Set(alertsOf('fired').map(([service]) => service))).toEqual(new Set(['notification', 'tracker_fetcher']))
  })

  test('otel-health status marks whatever depends on it, in one line each', async () => {
    const { output } = await status()
    const marked = output.split('\n').filter((line) => line.includes('depends on tracker_fetcher'))
    expect(marked.toSorted()).toEqual([
      expect.stringMatching(
        /^ {2}depends on tracker_fetcher \(through location_aggregator\), which is unhealthy: apple_account_unauthenticated: /,
      ),
      expect.stringMatching(
        /^ {2}depends on tracker_fetcher \(through location_aggregator\), which is unhealthy: apple_account_unauthenticated: /,
      ),
      expect.stringMatching(/^ {2}depends on tracker_fetcher \(through realtime_geofence, location_aggregator\), which is unhealthy: /),
      expect.stringMatching(/^ {2}depends on tracker_fetcher, which is unhealthy: apple_account_unauthenticated: /),
    ] as string[])
    expect(await demo.fault('code')).toEqual({ code: 0, output: 'The code is entered; the accounts log in again.\n' })
  })

  test.for([
    { why: 'the fetcher hangs', frozen: 'tracker_fetcher', killed: /\. The fetcher did not stop by itself and was killed\.$/ },
    { why: 'another service hangs', frozen: 'notification', killed: /\. Notification did not stop by itself and was killed\.$/ },
    { why: 'Redis hangs', frozen: 'Valkey', killed: /resolved\.(?: .* killed\.)?$/ },
    { why: 'all that the services call hangs', frozen: 'gateway', killed: /resolved\.$/ },
  ])('Ctrl-C ends it with 0 within 3 s, when $why', async ({ frozen, killed }) => {
    const other = new DemoProcess(['--all'])
    const pids = await other.pidsOf([...SERVICES, 'Valkey', 'gateway'])
    for (const service of SERVICES) await other.line(new RegExp(` status +${service} healthy, running$`))
    process.kill(await other.pidOf(frozen), 'SIGSTOP')
    const asked = performance.now()
    other.ctrlC()
    expect(await other.ended).toEqual([0, null])
    expect(performance.now() - asked).toBeLessThan(3 * SECOND)
    expect(pids.filter(isAlive)).toEqual([])
    await other.line(killed)
  })

  test('a service that dies is named, and ends it with 1', async () => {
    const other = new DemoProcess(['--all'])
    const pids = await other.pidsOf([...SERVICES, 'Valkey', 'gateway'])
    await other.line(/ status +geocoding healthy, running$/)
    const pid = await other.pidOf('geocoding')
    process.kill(pid, 'SIGKILL')
    expect(await other.ended).toEqual([1, null])
    expect(other.stderr).toBe(`Geocoding (pid ${pid}) was killed by SIGKILL.\n`)
    expect(pids.filter(isAlive)).toEqual([])
  })

  test('with the gateway back the alert of notification resolves', async () => {
    await demo.line(/ alerts +notification resolved large_queue /, fired)
    expect(alertsOf('resolved')).toContainEqual(['notification', 'large_queue'])
  })

  test('Ctrl-C ends it with 0 within 3 s, every service stopped and nothing left', async () => {
    const pids = await demo.pidsOf([...SERVICES, 'Valkey', 'gateway'])
    expect(pids.every(isAlive)).toBe(true)
    const asked = performance.now()
    demo.ctrlC()
    expect(await demo.ended).toEqual([0, null])
    expect(performance.now() - asked).toBeLessThan(3 * SECOND)
    expect(pids.filter(isAlive)).toEqual([])
    expect(runningDemos().map(({ pid }) => pid)).not.toContain(demo.pid)
    for (const service of SERVICES) await demo.line(new RegExp(` status +${service} \\w+, stopped`))
    expect(demo.stderr).toBe('')
  })
})
