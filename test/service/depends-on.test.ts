import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { runCommand } from '../../src/cli/command-line.ts'
import { WorkerHealthMonitor } from '../../src/kinds/worker/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../../src/service/monitor-options.ts'
import { HealthMessages } from '../e2e/health-messages.ts'

let valkey: EmbeddedValkey
let health: HealthMessages
const monitors: WorkerHealthMonitor[] = []
beforeAll(async () => {
  valkey = await startValkey()
  health = await HealthMessages.on(valkey.port)
})
afterAll(async () => {
  await Promise.all(monitors.map((monitor) => monitor.stop(0)))
  health.close()
  await valkey.stop()
})

const env = () => ({ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), OTEL_METRICS_EXPORTER: 'none' })

async function started(options: ServiceHealthMonitorOptions): Promise<WorkerHealthMonitor> {
  const monitor = new WorkerHealthMonitor({ env: env(), ...options })
  monitors.push(monitor)
  await monitor.start()
  return monitor
}

async function run(...args: readonly string[]): Promise<string> {
  let out = ''
  const signal = new AbortController().signal
  await runCommand(args, { env: env(), out: (line) => (out += `${line}\n`), talk: () => {}, redraw: undefined, signal })
  return out.replaceAll(/\d+ s ago/g, 'now').replaceAll(/firing for \d+ s/g, 'firing')
}

test('a monitor publishes what its service depends on, to its end, and `otel-health status` tells what of it is not well', async () => {
  const down = { ping: () => Promise.reject(Object.assign(new Error(), { code: 'ECONNREFUSED' })) }
  const own = new Redis(valkey.port)
  await started({ serviceName: 'tracker_fetcher', redis: down, config: { dependsOn: ['redis'] } })
  await started({ serviceName: 'location_aggregator', redis: own, dependsOn: ['tracker_fetcher', 'redis'] })
  const geofence = await started({ serviceName: 'realtime_geofence', dependsOn: ['location_aggregator', 'geocoding'] })
  for (const service of ['tracker_fetcher', 'location_aggregator', 'realtime_geofence'])
    await health.status(service, ({ alerts, service: of }) => of !== 'tracker_fetcher' || alerts.length > 0)

  expect((await run('status')).split('\n')).toEqual([
    'SERVICE              STATUS    INSTANCES  ALERTS  LAST BEAT',
    'location_aggregator  healthy   1 of 1     -       now',
    '  depends on redis (through tracker_fetcher), which is unhealthy: ECONNREFUSED',
    'realtime_geofence    healthy   1 of 1     -       now',
    '  depends on redis (through location_aggregator, tracker_fetcher), which is unhealthy: ECONNREFUSED',
    '  depends on geocoding, which is unknown: nothing has been heard of it',
    'tracker_fetcher      degraded  1 of 1     1       now',
    '  WARNING  firing  dependency_down check=redis  redis: its check fails',
    '  depends on redis, which is unhealthy: ECONNREFUSED',
    '',
  ])
  expect(await run('status', 'location_aggregator')).toContain(
    [
      'depends on',
      '  tracker_fetcher                  degraded   dependency_down check=redis: redis: its check fails',
      '  redis                            healthy',
      '  redis (through tracker_fetcher)  unhealthy  ECONNREFUSED',
    ].join('\n'),
  )
  expect(await run('check', 'location_aggregator')).toMatch(
    /^OK - location_aggregator is healthy, .* \(depends on redis \(through tracker_fetcher\), which is unhealthy: ECONNREFUSED\)/,
  )

  await geofence.stop()
  const last = await health.status('realtime_geofence', ({ phase }) => phase === 'stopped')
  expect(last.depends_on).toEqual(['location_aggregator', 'geocoding'])
  own.disconnect()
})
