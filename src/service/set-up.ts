/** What a monitor is made of before it knows its kind: options, time, identity, and where it records. */
import { randomUUID } from 'node:crypto'

import { SCOPE } from '../catalogue.ts'
import { systemClock } from '../clock.ts'
import type { Environment, HealthOptions } from '../config/options.ts'
import { resolveOptions } from '../config/options.ts'
import { diag } from '../diag.ts'
import { globalMeterProvider } from '../export/global-provider.ts'
import { CellStore } from '../record/cells.ts'
import { HttpRequests } from '../record/http-requests.ts'
import { TeeRecording } from '../record/tee-recording.ts'
import type { Clock } from '../types.ts'
import { VERSION } from '../version.ts'
import type { ServiceHealthMonitorOptions } from './monitor-options.ts'

export interface SetUp {
  readonly resolved: HealthOptions
  readonly env: Environment
  readonly clock: Clock
  readonly instance: string
  /** What is judged, whichever way it leaves. */
  readonly store: CellStore
  readonly recording: TeeRecording
  readonly http: HttpRequests
}

/** Throws one sentence if an option or an environment variable cannot be used. */
export function setUp(options: ServiceHealthMonitorOptions): SetUp {
  const { env = process.env, clock = systemClock, config, packageName } = options
  const resolved = resolveOptions({ env, code: options, ...(config && { config }), ...(packageName !== undefined && { packageName }) })
  const { originalServiceName, serviceName } = resolved
  if (originalServiceName !== undefined) {
    diag.warn(`otel-health: the service is called "${serviceName}" in Redis, where names are made of a-z, 0-9, ".", "_" and "-"`)
  }
  const store = new CellStore(clock)
  const recording = new TeeRecording(store, () => globalMeterProvider()?.getMeter(SCOPE, VERSION))
  const http = new HttpRequests(recording, knownMethods(env))
  return { resolved, env, clock, instance: resolved.instance ?? randomUUID(), store, recording, http }
}

/** The conventions demand that the methods told apart can be named. */
function knownMethods(env: Environment): readonly string[] | undefined {
  const names = env['OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS']?.split(',').map((name) => name.trim())
  return names?.some(Boolean) ? names : undefined
}
