import { expect, test } from 'vitest'
import { SETTINGS } from '../../src/config/settings.ts'
import { checkVariables } from '../../src/doctor/variables.ts'

test.for([
  { why: 'two letters exchanged', name: 'HEALTH_REDIS_HSOT', mend: 'Rename HEALTH_REDIS_HSOT to HEALTH_REDIS_HOST.' },
  {
    why: 'a letter too many',
    name: 'OTEL_METRICS_EXPORT_INTERVAL',
    mend: 'Rename OTEL_METRICS_EXPORT_INTERVAL to OTEL_METRIC_EXPORT_INTERVAL.',
  },
  {
    why: 'a letter too few',
    name: 'OTEL_EXPORTER_OTLP_METRIC_ENDPOINT',
    mend: 'Rename OTEL_EXPORTER_OTLP_METRIC_ENDPOINT to OTEL_EXPORTER_OTLP_METRICS_ENDPOINT.',
  },
  { why: 'of a setting without a prefix', name: 'MIN_FETCH_RATES', mend: 'Rename MIN_FETCH_RATES to MIN_FETCH_RATE.' },
  {
    why: 'what other clients have',
    name: 'HEALTH_REDIS_DATABASE',
    mend: 'Remove HEALTH_REDIS_DATABASE, or see docs/reference.md for what there is.',
  },
  {
    why: 'the unit in the name',
    name: 'HEALTH_PUBLISHING_INTERVAL_SECONDS',
    mend: 'Remove HEALTH_PUBLISHING_INTERVAL_SECONDS, or see docs/reference.md for what there is.',
  },
])('$name looks like one of ours: $why', ({ name, mend }) => {
  expect(checkVariables({ PATH: '/bin', [name]: 'secret' })).toEqual({
    name: 'variables',
    status: 'warn',
    message: `${name} is read by nobody`,
    mend,
  })
})

test('all of them are named in one sentence', () => {
  expect(checkVariables({ HEALTH_REDIS_PROT: '1', HEALTH_REDIS_DB: '1' })).toMatchObject({
    message: 'HEALTH_REDIS_PROT and HEALTH_REDIS_DB are read by nobody',
    mend: 'Rename HEALTH_REDIS_PROT to HEALTH_REDIS_PORT; remove HEALTH_REDIS_DB, or see docs/reference.md for what there is.',
  })
})

test.for([
  { why: 'every setting', names: Object.values(SETTINGS).map(({ env }) => env) },
  {
    why: 'what the exporter reads',
    names: ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_METRICS_HEADERS', 'OTEL_EXPORTER_OTLP_CLIENT_KEY', 'OTEL_LOG_LEVEL'],
  },
  { why: 'what is for other signals', names: ['OTEL_TRACES_EXPORTER', 'OTEL_LOGS_EXPORTER', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] },
  { why: 'what a service calls its own health check', names: ['HEALTH_CHECK_PATH', 'HEALTHCHECK_PORT', 'HEALTH_PORT'] },
  {
    why: 'what Kubernetes sets for a Service called health-redis',
    names: ['HEALTH_REDIS_SERVICE_HOST', 'HEALTH_REDIS_SERVICE_PORT_TCP', 'HEALTH_REDIS_PORT_6379_TCP', 'HEALTH_REDIS_PORT_6379_TCP_ADDR'],
  },
])('no typing error: $why', ({ names }) => {
  expect(checkVariables(Object.fromEntries(names.map((name) => [name, '1'])))).toMatchObject({ status: 'ok' })
})
