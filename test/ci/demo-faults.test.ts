/** The success rate of `npm start` under http.500, with the rules at their defaults and in real time: about three and a half minutes. */
import { afterAll, expect, test } from 'vitest'
import { DemoProcess } from '../e2e/demo-process.ts'

const MINUTE = 60_000

const demo = new DemoProcess()
afterAll(async () => await demo.stop())

test('http.500 at 0.35 gives WARNING within 3 min, at 1 it escalates to CRITICAL', { timeout: 7 * MINUTE }, async () => {
  await demo.line(/ metrics +fetch rate (?!.*(?: s of 30 s|not known yet))/)
  await demo.fault('http.500', 'on', '0.35')
  const on = await demo.line(/ fault +http\.500 with probability 0\.35 is on/)
  const fired = await demo.line(/ alerts +fired low_success_rate WARNING: Fetch success rate is /, on)
  expect(fired.at - on.at).toBeLessThan(3 * MINUTE)
  await demo.line(/ status +degraded, running, .*low_success_rate/, on)

  await demo.fault('http.500', 'on', '1')
  const escalated = await demo.line(/ alerts +escalated low_success_rate CRITICAL: /, fired)
  expect(escalated.at - fired.at).toBeLessThan(3 * MINUTE)
  await demo.line(/ status +unhealthy, running, .*low_success_rate/, fired)
})
