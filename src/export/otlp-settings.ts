/** When and whether metrics are exported over OTLP, as the standard variables say. Where they go, the exporter reads itself. */

import { maskedValue } from '../credentials.ts'
import { diag } from '../diag.ts'
import type { Environment } from '../config/options.ts'

const INTERVAL_MS = 60_000
const TIMEOUT_MS = 30_000
const REQUEST_TIMEOUT_MS = 10_000

/** All in milliseconds. */
export interface OtlpSettings {
  readonly intervalMs: number
  /** Of collecting and exporting; at most `intervalMs`. */
  readonly timeoutMs: number
  /** Of the request; below `timeoutMs`. */
  readonly requestTimeoutMs: number
}

/** `undefined` if OTEL_SDK_DISABLED is true or OTEL_METRICS_EXPORTER is not otlp. Says what is ignored of the variables. */
export function otlpSettings(env: Environment): OtlpSettings | undefined {
  if (!exportsOtlp(env)) return undefined
  const intervalMs = milliseconds(env, 'OTEL_METRIC_EXPORT_INTERVAL', INTERVAL_MS)
  const timeoutMs = Math.min(intervalMs, milliseconds(env, 'OTEL_METRIC_EXPORT_TIMEOUT', TIMEOUT_MS))
  // The request gives up first: when the reader does, it says so each time, and the next request is begun beside this one.
  const requestTimeoutMs = Math.min(Math.max(timeoutMs / 2, timeoutMs - 1000), requestTimeout(env))
  return { intervalMs, timeoutMs, requestTimeoutMs }
}

function exportsOtlp(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false
  const exporters = (env['OTEL_METRICS_EXPORTER']?.trim() || 'otlp').split(',').map((name) => name.trim())
  const others = exporters.filter((name) => name !== 'otlp' && name !== 'none')
  if (others.length > 0) {
    diag.warn(
      `otel-health: OTEL_METRICS_EXPORTER names "${maskedValue(others.join(', '))}", expected "otlp" or "none"; nothing is exported that way`,
    )
  }
  const otlp = exporters.includes('otlp')
  const protocol = env['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL']
  if (otlp && protocol === 'grpc') {
    diag.warn('otel-health: the OTLP protocol is "grpc", but metrics are sent as http/json: give the endpoint of OTLP over HTTP, port 4318')
  }
  return otlp
}

/** The variable that says where metrics go; `undefined`: none does. */
export function endpointVariable(env: Environment): string | undefined {
  return ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'].find((name) => env[name]?.trim())
}

/** What is wrong with the variable that says where metrics go, and how to write it. */
export interface UnusableEndpoint {
  readonly message: string
  readonly mend: string
}

/** Of an endpoint that is no URL, as it is without `http://`: the exporter leaves it aside for localhost, or fails at every export. */
export function unusableEndpoint(env: Environment): UnusableEndpoint | undefined {
  const name = endpointVariable(env)
  if (name === undefined) return undefined
  const url = URL.parse(env[name]!)
  if (url && ['http:', 'https:'].includes(url.protocol)) return undefined
  const path = name.includes('METRICS') ? '/v1/metrics' : ''
  return {
    message: `${name} is no URL of http or https`,
    mend: `Write it with its scheme, as in ${name}=http://localhost:4318${path}.`,
  }
}

function requestTimeout(env: Environment): number {
  const name = env['OTEL_EXPORTER_OTLP_METRICS_TIMEOUT']?.trim() ? 'OTEL_EXPORTER_OTLP_METRICS_TIMEOUT' : 'OTEL_EXPORTER_OTLP_TIMEOUT'
  return milliseconds(env, name, REQUEST_TIMEOUT_MS)
}

/** As the OTel specification demands, a value that is no positive number is said and ignored. */
function milliseconds(env: Environment, name: string, fallback: number): number {
  const text = env[name]?.trim()
  if (!text) return fallback
  const value = Number(text)
  if (value > 0 && value < 2 ** 31) return value
  diag.warn(`otel-health: ${name} is "${maskedValue(text)}", expected milliseconds > 0; ${fallback} is used`)
  return fallback
}
