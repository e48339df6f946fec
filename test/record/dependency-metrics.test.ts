import { expect, test } from 'vitest'

import { HEALTH_DEPENDENCY_STATUS } from '../../src/catalogue.ts'
import { CellStore } from '../../src/record/cells.ts'
import { DependencyMetrics } from '../../src/record/dependency-metrics.ts'
import type { Status } from '../../src/types.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

test('each dependency is in one state, told when it changes; one that is not checked any more is well', () => {
  const store = new CellStore(new VirtualClock())
  const changes: string[] = []
  const metrics = new DependencyMetrics(store, (metric) => changes.push(metric))
  const shown = (dependencies: Readonly<Record<string, Status>>) => {
    changes.length = 0
    metrics.set(new Map(Object.entries(dependencies)))
    const ones = store.samples().flatMap(({ kind, series, value }) => (kind === 'level' && value === 1 ? [series] : []))
    return [ones.map(({ attributes }) => Object.values(attributes).join(' ')).toSorted(), changes.length]
  }
  expect(shown({ redis: 'healthy', database: 'degraded' })).toEqual([['database degraded', 'redis healthy'], 2])
  expect(shown({ redis: 'healthy', database: 'degraded' })).toEqual([['database degraded', 'redis healthy'], 0])
  expect(shown({ redis: 'unhealthy', database: 'degraded' })).toEqual([['database degraded', 'redis unhealthy'], 1])
  expect(shown({ database: 'degraded' })).toEqual([['database degraded', 'redis healthy'], 1])
  expect(changes).toEqual([HEALTH_DEPENDENCY_STATUS.name])
})
