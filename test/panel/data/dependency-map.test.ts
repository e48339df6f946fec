import { expect, test } from 'vitest'

import { dependencyMap } from '../../../src/panel/data/dependency-map.ts'
import { NowRows } from '../../../src/panel/data/now-rows.ts'
import type { HealthView } from '../../../src/subscribe/health-view.ts'
import { alertView, serviceView, viewOf } from './views.ts'

function mapOf(view: HealthView) {
  const rows = new NowRows()
  const now = rows.of(view)
  const { nodes, edges } = dependencyMap(view, now, rows.dependencies)
  return {
    nodes: nodes.map(({ name, is, status, isCause }) => `${name}: ${is} ${status}${isCause ? ' cause' : ''}`),
    edges: edges.map(({ from, to }) => `${from} > ${to}`),
  }
}

test('what is red is so because of what is red at its root', () => {
  const checks = { redis: { status: 'unhealthy', latency_ms: null, error: 'ECONNREFUSED' } } as const
  const view = viewOf([
    serviceView('api', { depends_on: ['mailer'], status: 'degraded', reasons: ['slow'] }),
    serviceView('mailer', { depends_on: ['redis', 'nobody'], status: 'degraded', reasons: ['redis check is failing'], checks }),
    serviceView('well', { depends_on: ['mailer'] }),
  ])
  expect(mapOf(view)).toEqual({
    nodes: [
      'api: service degraded',
      'mailer: service degraded',
      'well: service healthy',
      'redis (mailer): check unhealthy cause',
      'nobody: unknown unknown',
    ],
    edges: ['api > mailer', 'mailer > redis (mailer)', 'mailer > nobody', 'well > mailer'],
  })
})

test('checks of one name are of two services', () => {
  const checks = { redis: { status: 'healthy', latency_ms: 1 } } as const
  const view = viewOf([serviceView('a', { depends_on: ['redis'], checks }), serviceView('b', { depends_on: ['redis'], checks })])
  expect(mapOf(view).edges).toEqual(['a > redis (a)', 'b > redis (b)'])
})

test('a service says why it is not well, its worst alert first', () => {
  const view = viewOf(
    [serviceView('mailer', {})],
    [alertView({ message: 'warns' }), alertView({ alert_id: 'a2', severity: 'CRITICAL', rule: 'down', message: 'is down' })],
  )
  const rows = new NowRows()
  expect(dependencyMap(view, rows.of(view), rows.dependencies).nodes[0]!.reason).toBe('down: is down')
})
