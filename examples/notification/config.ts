import type { GeofenceTransition } from '../service/geofence.ts'
import { MINUTE, number, SECOND, serviceSettings, url, type ServiceSettings, type Variables } from '../service/settings.ts'
import type { Routes } from './notification.ts'
import type { RetrySettings } from './retry-queue.ts'

export interface Config extends ServiceSettings {
  readonly gatewayUrl: string
  readonly gatewayTimeoutMs: number
  readonly receiptsEveryMs: number
  readonly routes: Routes
  readonly retry: RetrySettings
  /** After so many repetitions a notification is given up. */
  readonly retryMax: number
}

const TRANSITIONS: readonly GeofenceTransition[] = ['enter', 'exit', 'dwell']

/** Reads and checks the whole configuration. Throws one sentence that names the first variable that is wrong. */
export function readConfig(env: Variables): Config {
  return {
    ...serviceSettings(env),
    gatewayUrl: url(env, 'GATEWAY_URL'),
    gatewayTimeoutMs: number(env, 'GATEWAY_TIMEOUT_MS', 5 * SECOND),
    receiptsEveryMs: number(env, 'RECEIPTS_EVERY_MS', 5 * SECOND),
    routes: {
      push: transitions(env, 'PUSH_FOR', 'enter,exit,dwell'),
      mail: transitions(env, 'MAIL_FOR', 'enter,exit'),
      sms: transitions(env, 'SMS_FOR', 'dwell'),
    },
    retry: { baseMs: number(env, 'RETRY_BASE_MS', 10 * SECOND), capMs: number(env, 'RETRY_CAP_MS', 10 * MINUTE) },
    retryMax: number(env, 'RETRY_MAX', 5),
  }
}

function transitions(env: Variables, name: string, otherwise: string): readonly GeofenceTransition[] {
  const words = (env[name] ?? otherwise).split(',').filter((word) => word !== '')
  const known = TRANSITIONS.filter((transition) => words.includes(transition))
  if (known.length === words.length) return known
  throw new Error(`${name} is ${JSON.stringify(env[name])}; expected any of ${TRANSITIONS.join(', ')}, separated by commas`)
}
