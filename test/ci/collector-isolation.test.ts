/**
 * Prometheus refuses a request whole if it refuses one point of it. What services exported while it was away waits in one queue, and
 * leaves it as each service sent it: what is refused of one is no other's loss.
 */
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'

import { RealStack } from './real-stack.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND
const CUMULATIVE = 2
const DELTA = 1

let stack: RealStack
beforeAll(async () => {
  stack = await RealStack.start()
})
afterAll(async () => await stack?.stop())

/** One export of one service, with one counter. Rejects if the collector does not take it. */
async function exportCounter(service: string, { temporality = CUMULATIVE, at = Date.now(), value = 1 }): Promise<void> {
  const ns = (ms: number): string => `${Math.round(ms)}000000`
  const point = { startTimeUnixNano: ns(at - SECOND), timeUnixNano: ns(at), asDouble: value }
  const metrics = [{ name: 'work.done', sum: { aggregationTemporality: temporality, isMonotonic: true, dataPoints: [point] } }]
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] }
  const response = await fetch(`${stack.otlpEndpoint}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'test' }, metrics }] }] }),
  })
  if (!response.ok) throw new Error(await response.text())
}

test('a service whose points are refused takes nobody else with it', async () => {
  onTestFailed(() => console.error(stack.log))
  const at = Date.now()
  await stack.stopPrometheus()
  await exportCounter('before', {})
  await exportCounter('clock_ahead', { at: at + HOUR })
  await exportCounter('delta', { temporality: DELTA })
  await exportCounter('twice', { at, value: 1 })
  await exportCounter('twice', { at, value: 2 })
  await exportCounter('after', {})
  await stack.startPrometheus()

  // The collector counts a point that is refused as lost, once.
  const lost = async () => (await stack.query('otelcol_exporter_send_failed_metric_points_total'))[0]?.value
  await expect.poll(lost, { timeout: 60 * SECOND }).toBe(3)
  const arrived = async () =>
    Object.fromEntries((await stack.query('work_done_total')).map(({ labels, value }) => [labels['job'], value] as const))
  await expect.poll(arrived, { timeout: 60 * SECOND }).toEqual({ before: 1, after: 1, twice: 1 })
})
