/** What the demo's processes are told: its own settings, and before them whatever the environment says. */
import type { DemoService } from './services.ts'

/** Everything faster than in production, the rules as they are. Whoever sets one of these in the environment gets that. */
const EVERY_SERVICE = {
  HEALTH_PUBLISHING_INTERVAL: '5',
  HEALTH_METRICS_INTERVAL: '5',
  OTEL_METRIC_EXPORT_INTERVAL: '5000',
  OTEL_METRIC_EXPORT_TIMEOUT: '3000',
  OUTAGE_PAUSE_MS: '1000',
  GEOFENCE_DWELL_MS: '20000',
  DRAIN_MS: '1000',
}

const SIMULATORS = {
  SIM_TRACKERS: '40',
  SIM_ACCOUNTS: '5',
  // A day of the trackers' lives takes three and a half minutes, or nobody would see a geofence event.
  SIM_WORLD_SPEED: '400',
  SIM_HISTORY_HOURS: '0.25',
}

/**
 * With a row of services behind the fetcher only trackers that are seen often are fetched, a half of all: the others would go on reporting
 * for minutes what happened before a fault. Little history, for what happened before the start is seen late; with none, a cache that is
 * empty at first would have few hits for long.
 */
const SIMULATORS_OF_ALL = { SIM_TRACKERS: '60', SIM_HISTORY_HOURS: '0.02' }

/** Settings of the health Redis that make no sense for the embedded one. */
const REDIS_SETTINGS = ['USERNAME', 'PASSWORD', 'TLS', 'CA', 'CLUSTER_MODE'].map((name) => `HEALTH_REDIS_${name}`)

export function namesHealthRedis(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env['HEALTH_REDIS_HOST'] || env['HEALTH_REDIS_URL'])
}

/** What the demo was given, without what is not meant for it. */
export function givenEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const given = { ...env }
  if (!namesHealthRedis(env)) for (const name of REDIS_SETTINGS) delete given[name]
  return given
}

export function simulatorsEnvironment(given: NodeJS.ProcessEnv, alone: boolean): NodeJS.ProcessEnv {
  return alone ? { ...SIMULATORS, ...given } : { ...SIMULATORS, ...SIMULATORS_OF_ALL, ...given, SIM_SIBLINGS: 'true' }
}

/** One that runs alone may be called as its owner likes; several are told apart by their names, which the others depend on. */
export function serviceEnvironment({ name, settings }: DemoService, given: NodeJS.ProcessEnv, alone: boolean): NodeJS.ProcessEnv {
  const defaults = { ...EVERY_SERVICE, ...settings }
  if (alone) return { ...defaults, OTEL_SERVICE_NAME: name, ...given }
  return { ...defaults, ...given, HEALTH_SERVICE_NAME: name, OTEL_SERVICE_NAME: name }
}
