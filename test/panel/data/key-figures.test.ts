import { expect, test } from 'vitest'

import { keyFigures, type Figured } from '../../../src/panel/data/key-figures.ts'
import { NO_SOURCE } from '../../../src/wire/no-source.ts'

const NONE = { rate: null, success: null, p95: null, due: null }

test.for<{ readonly sentence: string; readonly messages: readonly Figured['metrics'][]; readonly figures: object }>([
  {
    sentence: 'a fetcher has all four',
    messages: [
      {
        ...{ fetch_rate_per_hour: 120.5, success_rate_percent: 98.2, total_queue_size: 7, queue_sizes: { hot: 3, cold: 4 } },
        apple_api_percentiles_ms: { p50: 100, p95: 400, p99: 900 },
      },
    ],
    figures: { rate: 120.5, success: 98.2, p95: 400, due: 7 },
  },
  {
    sentence: 'rates of instances add up, of success the worst is shown, of durations the longest, and the queue is as the newest says',
    messages: [
      { work_rate_per_hour: 10, success_rate_percent: 90, total_queue_size: 5, upstream_percentiles_ms: { p95: 300 } },
      { work_rate_per_hour: 20, success_rate_percent: 100, total_queue_size: 8, upstream_percentiles_ms: { p95: 200 } },
    ],
    figures: { rate: 30, success: 90, p95: 300, due: 5 },
  },
  {
    sentence: 'an instance that does not know a figure takes nothing from those that do',
    messages: [
      { work_rate_per_hour: null, total_queue_size: null },
      { work_rate_per_hour: 20, total_queue_size: 8 },
    ],
    figures: { ...NONE, rate: 20, due: 8 },
  },
  {
    sentence: 'what is not known is null, never 0',
    messages: [{ work_rate_per_hour: null, success_rate_percent: null, total_queue_size: null, upstream_percentiles_ms: { p95: null } }],
    figures: NONE,
  },
  {
    sentence: 'a rate that is not known is not another rate that is',
    messages: [{ work_rate_per_hour: null, reports_per_hour: 50 }],
    figures: NONE,
  },
  {
    sentence: 'where the first percentile is not known another one is',
    messages: [{ upstream_percentiles_ms: { p95: null }, aggregation_p95_ms: 1200 }],
    figures: { ...NONE, p95: 1200 },
  },
  {
    sentence: 'a figure of several is folded as it is over instances',
    messages: [
      {
        provider_requests_per_hour: { a: 10, b: 5 },
        delivery_rate_percent: { push: 80, mail: 99 },
        delivery_p95_ms: { push: 10, mail: 90 },
      },
    ],
    figures: { ...NONE, rate: 15, success: 80, p95: 90 },
  },
  {
    sentence: 'the figures of one kind of work are not those of the service',
    messages: [{ 'work.mail.rate_per_hour': 5, 'work.mail.success_rate_percent': 1 }],
    figures: NONE,
  },
  { sentence: 'the share of hits in a cache is no success', messages: [{ cache_hit_rate_percent: 3 }], figures: NONE },
  {
    sentence: 'texts and numbers that are none are not known',
    messages: [{ work_rate_per_hour: '5', total_queue_size: Infinity }],
    figures: NONE,
  },
  { sentence: 'no messages, no figures', messages: [], figures: NONE },
])('$sentence', ({ messages, figures }) => {
  expect(keyFigures(messages.map((metrics) => ({ metrics }))).figures).toEqual(figures)
})

test.for<{ readonly sentence: string; readonly messages: readonly Figured[]; readonly why: string }>([
  { sentence: 'nobody is there', messages: [], why: 'no instance is there to say it' },
  { sentence: 'it has no such figure', messages: [{ metrics: {} }], why: 'the service has no such figure' },
  {
    sentence: 'the service says why',
    messages: [{ metrics: { work_rate_per_hour: null }, unknown: { work_rate_per_hour: 'watched for less than 30 s' } }],
    why: 'watched for less than 30 s',
  },
  {
    sentence: 'no work is seen',
    messages: [{ metrics: { work_rate_per_hour: null }, working: false }],
    why: NO_SOURCE,
  },
  { sentence: 'nobody says why', messages: [{ metrics: { work_rate_per_hour: null } }], why: 'the service does not say why' },
])('why a rate is not known: $sentence', ({ messages, why }) => {
  expect(keyFigures(messages).unknown.rate).toBe(why)
})

test('why is said of what is not known alone, on one line', () => {
  const { unknown } = keyFigures([
    { metrics: { work_rate_per_hour: 5, total_queue_size: null }, unknown: { total_queue_size: 'a\nb\u202e' } },
  ])
  expect(unknown).toEqual({ success: 'the service has no such figure', p95: 'the service has no such figure', due: 'a b' })
})
