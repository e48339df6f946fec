/** A URL with a password in any setting: whatever is said about it and published of it holds no part of the password. */
import { DiagLogLevel } from '@opentelemetry/api'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { checkHealthConfig } from '../../src/config/health-config.ts'
import { profileOfService } from '../../src/config/profile.ts'
import { resolveOptions, type Environment } from '../../src/config/options.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { diag, setFallbackLogger } from '../../src/diag.ts'
import { readConfiguration } from '../../src/doctor/configuration.ts'
import { readExportSettings } from '../../src/doctor/export-settings.ts'
import { checkOtlpEndpoint } from '../../src/doctor/otlp-endpoint.ts'
import { findProject } from '../../src/doctor/project.ts'
import { checkPrometheus } from '../../src/doctor/prometheus.ts'
import { checkVariables } from '../../src/doctor/variables.ts'
import { otlpSettings } from '../../src/export/otlp-settings.ts'
import { kindNamed } from '../../src/kinds/define-kind.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { folderWith } from '../doctor/project-folder.ts'

/** At both ends of every password. */
const SIGN = 'hunter2'

const special = fc.string({ unit: fc.constantFrom(...Array.from('abc/@:?#%&="\'\\ ,;=[]{}é')), maxLength: 8 })
const urls = fc
  .record({
    scheme: fc.constantFrom('redis', 'rediss', 'http', 'https', 'tcp', 'amqp'),
    user: fc.constantFrom('', 'me', 'a.b-c'),
    middle: special,
    host: fc.constantFrom('redis', 'redis.internal:6379', '127.0.0.1:1', '[::1]:1'),
    rest: fc.constantFrom('', '/', '/0', '/v1/metrics', '?db=1'),
    isEncoded: fc.boolean(),
  })
  .map(({ scheme, user, middle, host, rest, isEncoded }) => {
    const password = `${SIGN}${middle}${SIGN}`
    return `${scheme}://${user}:${isEncoded ? encodeURIComponent(password) : password}@${host}${rest}`
  })

let said: string[] = []

beforeEach(() => {
  said = []
  const hear = (message: string, ...details: unknown[]): void => void said.push(message, ...details.map(String))
  setFallbackLogger({ error: hear, warn: hear, info: hear, debug: hear }, DiagLogLevel.ALL)
})
afterEach(() => setFallbackLogger({ error() {}, warn() {}, info() {}, debug() {} }, DiagLogLevel.NONE))

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    said.push((error as Error).message)
    return undefined
  }
}

/** What must not have been said. */
function withPassword(): string[] {
  return said.filter((line) => line.toLowerCase().includes(SIGN))
}

const VARIABLES = [
  ...Object.values(SETTINGS).map(({ env }) => env),
  ...['HEALTH_SERVICE_NAME', 'OTEL_SERVICE_NAME', 'OTEL_RESOURCE_ATTRIBUTES', 'OTEL_SDK_DISABLED', 'OTEL_METRICS_EXPORTER'],
  ...['OTEL_METRIC_EXPORT_INTERVAL', 'OTEL_METRIC_EXPORT_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  ...['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_HEADERS', 'HEALTH_REDIS_DATABASE'],
]

test.for(VARIABLES)('%s', (name) => {
  const folder = folderWith({ 'package.json': { name: 'mailer' } })
  fc.assert(
    fc.property(urls, (url) => {
      said = []
      const env: Environment = { [name]: name === 'OTEL_RESOURCE_ATTRIBUTES' ? attributes(url) : url }
      const options = attempt(() => resolveOptions({ env }))
      if (options) said.push(options.serviceName, options.instance ?? '')
      attempt(() => otlpSettings(env))
      const { ignored, off = '' } = readExportSettings(env)
      said.push(...ignored)
      const findings = [readConfiguration(env, folder, findProject(folder)).finding, checkVariables(env)]
      for (const { message, mend = '' } of findings) said.push(message, mend)
      expect(off).not.toContain(SIGN)
      expect(withPassword()).toEqual([])
    }),
    { numRuns: 50 },
  )
})

function attributes(url: string): string {
  return `service.name=${encodeURIComponent(url)},service.instance.id=${encodeURIComponent(url)}`
}

const PLACES: Readonly<Record<string, (url: string) => unknown>> = {
  ...Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, (url: string) => ({ [name]: url })])),
  serviceName: (serviceName) => ({ serviceName }),
  profile: (profile) => ({ profile }),
  dependsOn: (url) => ({ dependsOn: [url] }),
  queuesRedis: (queuesRedis) => ({ queuesRedis }),
  'a key': (url) => ({ [url]: 1 }),
  'the name of an upstream': (url) => ({ upstreams: { [url]: { host: 'x' } } }),
  'the host of an upstream': (url) => ({ upstreams: { x: { host: [url] } } }),
  'the name of a queue': (url) => ({ queues: { [url]: { key: 'x', type: 'list' } } }),
  'the key of a queue': (url) => ({ queues: { x: { key: url, type: url } } }),
  'a method': (url) => ({ methods: [url] }),
  'the name of a method': (url) => ({ methods: [{ module: './x.js', function: 'f', records: 'attempt', name: url }] }),
  'the upstream of a method': (url) => ({ methods: [{ module: './x.js', function: 'f', records: 'api_call', upstream: url }] }),
  'what a method records': (url) => ({ methods: [{ module: './x.js', function: 'f', records: url }] }),
  'the name of a rule': (url) => ({ rules: { [url]: {} } }),
  'a rule': (url) => ({ rules: { mine: { when: url } } }),
  'the runbook of a rule': (url) => ({ rules: { low_success_rate: { runbook: url } } }),
  'the name of a metric': (url) => ({ metrics: { [url]: { instrument: 'counter' } } }),
  'the instrument of a metric': (url) => ({ metrics: { x: { instrument: url } } }),
}

/** What health.config may name a queue or a key is read and never shown. */
const NEVER_SHOWN = new Set([
  'redisUrl',
  'redisUsername',
  'redisPassword',
  'redisCa',
  'hmacKey',
  'httpToken',
  'queuesRedis',
  'the key of a queue',
])

test.for(Object.entries(PLACES))('health.config: %s', ([place, configOf]) => {
  fc.assert(
    fc.property(urls, (url) => {
      said = []
      const config = attempt(() => checkHealthConfig(configOf(url), 'health.config.js', KINDS))
      const options = config && attempt(() => resolveOptions({ env: {}, config }))
      const profile = options && attempt(() => profileOfService(kindNamed(undefined), options))
      if (profile) {
        const shown = NEVER_SHOWN.has(place) ? { serviceName: options.serviceName } : { ...config, ...options, originalServiceName: '' }
        if (place !== 'serviceName') said.push(JSON.stringify(shown))
        said.push(options.serviceName)
      }
      expect(withPassword()).toEqual([])
    }),
    { numRuns: 50 },
  )
})

describe('what is said of an error that holds one', () => {
  test.for<[string, (url: string) => unknown]>([
    ['as its message', (url) => new Error(`connect to ${url} failed`)],
    ['as its cause', (url) => new Error('failed', { cause: new Error(url) })],
    ['as text', (url) => `of ${url}`],
  ])('%s', ([, make]) => {
    diag.warn('otel-health: no export:', make(`https://me:${SIGN}@otlp`))
    expect(said.join()).toContain('https://***@otlp')
    expect(withPassword()).toEqual([])
  })

  test('an error without one is passed on as it is', () => {
    const error = new Error('https://otlp')
    let heard: unknown
    setFallbackLogger({ error: (_message, detail) => (heard = detail), warn() {}, info() {}, debug() {} }, DiagLogLevel.ALL)
    diag.error('otel-health: no export:', error)
    expect(heard).toBe(error)
  })
})

test.for(['http', 'https', 'ftp'])('doctor asks a %s address and shows it without the password', async (scheme) => {
  const url = `${scheme}://me:${SIGN}@127.0.0.1:1`
  const signal = AbortSignal.timeout(5000)
  const settings = otlpSettings({})!
  const beating = Promise.resolve(false)
  const findings = [
    await checkOtlpEndpoint({ OTEL_EXPORTER_OTLP_ENDPOINT: url }, settings, new VirtualClock()),
    ...(await checkPrometheus({ url, job: url, exportIntervalSeconds: 1, beating }, signal)),
  ]
  said.push(JSON.stringify(findings))
  expect(findings.every(({ status }) => status === 'fail')).toBe(true)
  expect(withPassword()).toEqual([])
})
