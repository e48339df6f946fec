/** Several kinds of work in one process: each is shown and judged by itself. */
import { afterEach, expect, test } from 'vitest'

import { WorkerHealthMonitor } from '../../../src/kinds/worker/monitor.ts'
import type { RulesConfig } from '../../../src/rules/rules-config.ts'
import { MemoryExporter } from '../../support/memory-exporter.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const running: WorkerHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

/** Forty minutes in which `mail` fails one time in six beside 67,000 good pieces of other work, and `fax` always. */
async function busy(rules: RulesConfig) {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const env = { OTEL_METRICS_EXPORTER: 'none', HEALTH_SERVICE_NAME: 'mailer' }
  const monitor = new WorkerHealthMonitor({ clock, exporter, env, rules })
  running.push(monitor)
  await monitor.start()
  let mails = 0
  for (let second = 0; second < 2400; second++) {
    for (let i = 0; i < 27; i++) monitor.recordAttempt({ name: 'geocode', success: true })
    monitor.recordAttempt({ name: 'thumbnail', success: true })
    monitor.recordAttempt({ name: 'mail', success: ++mails % 6 !== 0, errorType: '550' })
    if (second % 10 === 0) monitor.recordAttempt({ name: 'fax', success: false, errorType: 'busy' })
    clock.advance(1000)
  }
  const { metrics, evidence } = await monitor.collectHealthData()
  return { exporter, metrics, evidence }
}

test('the rate of each kind of work is shown, though all together look fine', async () => {
  const { metrics, evidence } = await busy({ low_success_rate: false })
  expect(metrics).toMatchObject({
    success_rate_percent: 99.1,
    'work.geocode.success_rate_percent': 100,
    'work.thumbnail.success_rate_percent': 100,
    // 49 of the 291 that the window holds.
    'work.mail.success_rate_percent': 83.2,
    'work.fax.success_rate_percent': 0,
    'work.mail.rate_per_hour': 3600,
  })
  expect(evidence['work.mail.success_rate_percent']).toMatchObject({ attempts: 291, failures: 49, units: 291, failed_units: 49 })
})

test('each kind of work has an alert of its own, which says what it is about', async () => {
  const { exporter } = await busy({ low_success_rate: { limit: 98 } })
  const told = exporter.transitions.map(({ type, alert }) => `${type} ${alert.severity} ${alert.labels?.['work.name']}`)
  expect(told.filter((each) => !each.startsWith('escalated'))).toEqual([expect.stringMatching(/^fired .* fax$/), 'fired WARNING mail'])
  expect(exporter.last.alerts.map(({ severity, labels }) => `${severity} ${labels?.['work.name']}`)).toContain('CRITICAL fax')
  expect(exporter.transitions.find(({ alert }) => alert.labels?.['work.name'] === 'mail')!.alert.message).toMatch(
    /^mail: Success rate is 8\d(\.\d)? % over \d+ min \(limit 98 %\): [\d,]+ of [\d,]+ attempts failed/,
  )
  expect(new Set(exporter.transitions.map(({ alert }) => alert.id)).size).toBe(2)
})

test('a rule can be limited to one kind of work, and another can be left out', async () => {
  const only = await busy({ low_success_rate: { limit: 98, where: { 'work.name': 'mail' } } })
  expect(only.exporter.transitions.map(({ alert }) => alert.labels)).toEqual([{ 'work.name': 'mail' }])
  const without = await busy({ low_success_rate: { where: { 'work.name': { not: 'fax' } } } })
  expect(without.exporter.transitions).toEqual([])
})
