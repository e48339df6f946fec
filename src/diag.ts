/**
 * What is said to the operator: through the logger that somebody set in the OpenTelemetry API, else through ours. Setting ours in the
 * API would make this copy of it the process's own: an SDK with a copy of another version is then refused by the API for good.
 */
import type { DiagLogger } from '@opentelemetry/api'
import { diag as api, DiagLogLevel } from '@opentelemetry/api'

import { hasCredentials, maskedText } from './credentials.ts'

/** Where every copy of the API of major version 1 keeps what was made global. */
const API = Symbol.for('opentelemetry.js.api.1')

type Say = Pick<DiagLogger, 'error' | 'warn' | 'info' | 'debug'>

let fallback: { readonly logger: Say; readonly level: DiagLogLevel } | undefined

/** For a process where nobody set a logger. */
export function setFallbackLogger(logger: Say, level: DiagLogLevel): void {
  fallback = { logger, level }
}

/** Whatever is said, it names no user and no password of a URL. */
function say(severity: keyof Say, level: DiagLogLevel, text: string, given: unknown[]): void {
  const [message, details] = [maskedText(text), given.map(masked)]
  const theirs = (globalThis as { [API]?: { readonly diag?: unknown } })[API]?.diag
  if (theirs) api[severity](message, ...details)
  else if (fallback && level <= fallback.level) fallback.logger[severity](message, ...details)
}

function masked(detail: unknown): unknown {
  if (typeof detail === 'string') return maskedText(detail)
  return detail instanceof Error && hasCredentials(wholeText(detail)) ? maskedText(wholeText(detail)) : detail
}

function wholeText({ message, stack = message, cause }: Error): string {
  return cause instanceof Error ? `${stack}\n[cause]: ${wholeText(cause)}` : stack
}

export const diag: Say = {
  error: (message, ...details) => say('error', DiagLogLevel.ERROR, message, details),
  warn: (message, ...details) => say('warn', DiagLogLevel.WARN, message, details),
  info: (message, ...details) => say('info', DiagLogLevel.INFO, message, details),
  debug: (message, ...details) => say('debug', DiagLogLevel.DEBUG, message, details),
}
