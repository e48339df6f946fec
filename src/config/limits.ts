/** What a service is judged against, as its settings say. */
import type { Limits } from '../rules/limits.ts'
import type { Settings } from './settings.ts'

export function limitsOf(settings: Settings): Limits {
  return { ...settings, maxApiResponseTimeMs: settings.maxApiResponseTime, tickSeconds: settings.evaluationInterval }
}
