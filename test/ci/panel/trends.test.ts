/** Trends of a month, from the Prometheus that is shipped: what services counted for six days is what the panel draws. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import type { MetricDefinition } from '../../../src/catalogue.ts'
import { prometheusSeries } from '../../../src/export/prometheus-series.ts'
import { QUOTA_USAGE } from '../../../src/kinds/geocoding/metrics.ts'
import { FETCH_ATTEMPTS, OUTCOME, QUEUE_SIZE, QUEUE_STATE, TIER } from '../../../src/kinds/tracker-fetcher/metrics.ts'
import {
  WORK_ATTEMPTS,
  WORK_OUTCOME,
  WORK_QUEUE_NAME,
  WORK_QUEUE_SIZE,
  WORK_QUEUE_STATE,
  WORK_UPSTREAM,
} from '../../../src/kinds/worker/metrics.ts'
import { createPanelData } from '../../../src/panel/data/create-panel-data.ts'
import type { PanelData } from '../../../src/panel/panel-data.ts'
import { RedisRecord } from '../../subscribe/record.ts'
import { RealStack } from '../real-stack.ts'

const DAYS = 6
/** Less than the 5 minutes after which Prometheus takes a level for gone. */
const STEP_SECONDS = 240
const STEPS_A_DAY = 86_400 / STEP_SECONDS
const STEPS = DAYS * STEPS_A_DAY

interface Past {
  readonly metric: MetricDefinition
  readonly job: string
  readonly instance: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly valueAt: (step: number) => number
}

const always = (value: number) => () => value
const each = (count: number) => (step: number) => step * count

/** Both instances see the queues that they share. */
const ofMailer = ['a', 'b'].flatMap((instance): Past[] => {
  const at = { job: 'shop/mailer', instance }
  const due = { [WORK_QUEUE_STATE]: 'due' }
  return [
    { ...at, metric: WORK_ATTEMPTS, attributes: { [WORK_OUTCOME]: 'ok' }, valueAt: each(9) },
    { ...at, metric: WORK_ATTEMPTS, attributes: { [WORK_OUTCOME]: 'failed' }, valueAt: each(1) },
    { ...at, metric: WORK_QUEUE_SIZE, attributes: { ...due, [WORK_QUEUE_NAME]: 'mails' }, valueAt: always(40) },
    { ...at, metric: WORK_QUEUE_SIZE, attributes: { ...due, [WORK_QUEUE_NAME]: 'bills' }, valueAt: always(10) },
    { ...at, metric: WORK_QUEUE_SIZE, attributes: { [WORK_QUEUE_STATE]: 'scheduled', [WORK_QUEUE_NAME]: 'bills' }, valueAt: always(500) },
  ]
})

const FETCHER = { job: 'fetcher', instance: 'a' }
const GEOCODER = { job: 'geo.coder', instance: 'a' }
const PAST: readonly Past[] = [
  ...ofMailer,
  ...Object.entries({ reports: 2, empty: 1, failed: 1, unknown: 1 }).map(([outcome, count]) => ({
    ...{ ...FETCHER, metric: FETCH_ATTEMPTS, attributes: { [OUTCOME]: outcome }, valueAt: each(count) },
  })),
  { ...FETCHER, metric: QUEUE_SIZE, attributes: { [QUEUE_STATE]: 'due', [TIER]: 'hot' }, valueAt: always(7) },
  // All it tried failed.
  { ...GEOCODER, metric: WORK_ATTEMPTS, attributes: { [WORK_OUTCOME]: 'failed' }, valueAt: each(2) },
  {
    ...{ ...GEOCODER, metric: QUOTA_USAGE, attributes: { [WORK_UPSTREAM]: 'osm' } },
    valueAt: (step) => 0.2 + (0.05 * step) / STEPS_A_DAY,
  },
]

/** As OpenMetrics has it: until now, the points of a metric together. */
function openMetrics(): string {
  const now = Math.floor(Date.now() / 1000)
  const lines = [...new Set(PAST.map(({ metric }) => metric))].flatMap((metric) =>
    PAST.filter((past) => past.metric === metric).flatMap(({ job, instance, attributes = {}, valueAt }) => {
      const series = prometheusSeries(metric, { ...attributes, job, instance }, [])
      return Array.from({ length: STEPS + 1 }, (_, step) => `${series} ${valueAt(step)} ${now - (STEPS - step) * STEP_SECONDS}`)
    }),
  )
  return [...lines, '# EOF', ''].join('\n')
}

let stack: RealStack
let valkey: EmbeddedValkey
let redis: Redis
let data: PanelData | undefined
beforeAll(async () => {
  stack = await RealStack.start({ past: openMetrics() })
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  const record = new RedisRecord(redis)
  for (const service of ['mailer', 'fetcher', 'geo.coder', 'unheard']) await record.beat({ service })
})
afterEach(() => data?.stop())
afterAll(async () => {
  redis?.disconnect()
  await valkey?.stop()
  await stack?.stop()
})

async function open(): Promise<PanelData> {
  data = createPanelData({ connection: { host: '127.0.0.1', port: valkey.port }, prometheusUrl: stack.prometheusUrl })
  await data.start()
  return data
}

test('rate, success, queue and quota of each service are those of its six days', async () => {
  const trends = await (await open()).trends('30d')
  expect(trends.trouble).toBeUndefined()
  // In the middle of these days, and at their end.
  const figures = trends.rows.map(({ service, charts }) => [
    service,
    Object.fromEntries(charts.map(({ figure, lines }) => [figure, [-20, -1].map((i) => lines[0]!.values.at(i))])),
  ])
  const about = (value: number) => [expect.closeTo(value, 1), expect.closeTo(value, 1)] as const
  expect(Object.fromEntries(figures)).toEqual({
    mailer: { rate_per_hour: about(300), success_rate_percent: about(90), total_queue_size: about(50) },
    fetcher: { rate_per_hour: about(75), success_rate_percent: about(75), total_queue_size: about(7) },
    'geo.coder': { rate_per_hour: about(30), success_rate_percent: about(0), quota_used_percent: [expect.any(Number), expect.any(Number)] },
  })
  const { values } = trends.rows[0]!.charts[0]!.lines[0]!
  expect(values).toHaveLength(241)
  const known = values.filter((value) => value !== null).length
  expect(Math.abs(known - 8 * DAYS)).toBeLessThanOrEqual(1)
  // 50 % now, and five more each day. The newest point is up to three hours old.
  const quota = trends.rows.find(({ service }) => service === 'geo.coder')!.forecasts
  expect(quota).toMatchObject([{ figure: 'quota_used_percent', limit: 100 }])
  expect(Math.abs(quota[0]!.days!.value - 10)).toBeLessThan(0.3)
})

test('a Prometheus that is away is one sentence, and no row', async () => {
  await stack.stopPrometheus()
  const { host } = new URL(stack.prometheusUrl)
  expect(await (await open()).trends('30d')).toEqual({
    range: '30d',
    source: 'prometheus',
    rows: [],
    trouble: `Prometheus at ${host} cannot be reached.`,
  })
})
