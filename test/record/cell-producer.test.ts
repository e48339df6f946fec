/** When the series that a backend is given began: increments before the first point must be neither lost nor spread. */
import type { HrTime } from '@opentelemetry/api'
import { expect, test } from 'vitest'

import { FETCH_ATTEMPTS, OUTCOME, UPSTREAM_DURATION } from '../../src/kinds/tracker-fetcher/metrics.ts'
import { createCellProducer } from '../../src/record/cell-producer.ts'
import { CellStore } from '../../src/record/cells.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const CUMULATIVE = 1

function producing() {
  const clock = new VirtualClock()
  const store = new CellStore(clock)
  const producer = createCellProducer({ store, clock, version: '1.0.0', selectTemporality: () => CUMULATIVE })
  const startedAt = clock.epochMs()
  const seconds = ([s, ns]: HrTime) => s + ns / 1e9 - startedAt / 1000
  return {
    clock,
    store,
    /** By outcome or metric: seconds between the start of the process and the start of the series. */
    starts: async (): Promise<Record<string, number>> => {
      const { resourceMetrics } = await producer.collect()
      return Object.fromEntries(
        resourceMetrics.scopeMetrics
          .flatMap(({ metrics }) => metrics)
          .flatMap(({ descriptor, dataPoints }) =>
            dataPoints.map(({ attributes, startTime }) => [attributes[OUTCOME] ?? descriptor.name, seconds(startTime)]),
          ),
      )
    },
  }
}

test('a series of the first collection began when it was made, and stays at that', async () => {
  const { clock, store, starts } = producing()
  clock.advance(3000)
  store.counter(FETCH_ATTEMPTS, { [OUTCOME]: 'reports' }).add(1)
  clock.advance(7000)
  expect(await starts()).toEqual({ reports: 3 })
  clock.advance(10_000)
  expect(await starts()).toEqual({ reports: 3 })
})

test('one whose handle was made early and used late began at the last collection, at which it was 0, and stays so', async () => {
  const { clock, store, starts } = producing()
  const [failed, calls] = [store.counter(FETCH_ATTEMPTS, { [OUTCOME]: 'failed' }), store.histogram(UPSTREAM_DURATION, {})]
  clock.advance(10_000)
  expect(await starts()).toEqual({})
  clock.advance(10_000)
  failed.add(5)
  calls.record(1)
  clock.advance(5000)
  expect(await starts()).toEqual({ failed: 10, 'tracker_fetcher.upstream.duration': 10 })
  clock.advance(10_000)
  failed.add(1)
  expect(await starts()).toEqual({ failed: 10, 'tracker_fetcher.upstream.duration': 10 })
})
