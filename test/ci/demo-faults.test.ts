/** The success rate of `npm start` under http.500, with the rules at their defaults and in real time: about seven minutes. */
import { afterAll, expect, test } from 'vitest'
import { DemoProcess } from '../e2e/demo-process.ts'

const MINUTE = 60_000

const demo = new DemoProcess()
afterAll(async () => await demo.stop())

test('http.500 gives an alert within 7 min, which becomes CRITICAL', { timeout: 14 * MINUTE }, async () => {
  await demo.line(/ metrics +fetch rate (?!.*(?: s of 30 s|not known yet))/)
  await demo.fault('http.500', 'on', '1')
  const on = await demo.line(/ fault +http\.500 with probability 1 is on/)
  // Within a second or two the rate has been low for long enough, and so has the run of failures: whichever is first is told first.
  const first =
    / alerts +fired low_success_rate (WARNING: Fetch success rate is [\d.]+ % |(WARNING|CRITICAL): The last [\d,]+ calls to Apple all failed, )/
  const fired = await demo.line(first, on)
  // A run of a hundred seconds at least, and then its for-time.
  expect(fired.at - on.at).toBeGreaterThan(2 * MINUTE)
  expect(fired.at - on.at).toBeLessThan(7 * MINUTE)
  await demo.line(/ alerts +(fired|escalated) low_success_rate CRITICAL: The last [\d,]+ calls to Apple all failed, /, on)
  await demo.line(/ status +unhealthy, running, .*low_success_rate/, on)
})
