/** What OTEL_* say of the export, and what of them is ignored, in the words of the service's own start. */
import { DiagLogLevel } from '@opentelemetry/api'
import type { Environment } from '../config/options.ts'
import { maskedValue } from '../credentials.ts'
import { setFallbackLogger } from '../diag.ts'
import { otlpSettings, type OtlpSettings } from '../export/otlp-settings.ts'

export interface ExportSettings {
  /** `undefined`: nothing is exported. */
  readonly settings: OtlpSettings | undefined
  /** The variable, with its value, that switches the export off. */
  readonly off: string | undefined
  /** Sentences on variables that are ignored. */
  readonly ignored: readonly string[]
}

export function readExportSettings(env: Environment): ExportSettings {
  const ignored: string[] = []
  const leave = () => {}
  const hear = (message: string) => void ignored.push(message.replace(/^otel-health: /, ''))
  setFallbackLogger({ error: hear, warn: hear, info: leave, debug: leave }, DiagLogLevel.WARN)
  try {
    const settings = otlpSettings(env)
    return { settings, off: settings ? undefined : switchOf(env), ignored }
  } finally {
    setFallbackLogger({ error: leave, warn: leave, info: leave, debug: leave }, DiagLogLevel.NONE)
  }
}

function switchOf(env: Environment): string {
  const [disabled, exporter] = [env['OTEL_SDK_DISABLED']?.trim(), env['OTEL_METRICS_EXPORTER']?.trim()]
  return disabled?.toLowerCase() === 'true' ? `OTEL_SDK_DISABLED=${disabled}` : `OTEL_METRICS_EXPORTER=${maskedValue(exporter ?? '')}`
}
