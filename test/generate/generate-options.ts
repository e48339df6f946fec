/** What dashboards and rules are made of where a health.config says no more than this. */
import { limitsOf } from '../../src/config/limits.ts'
import { resolveOptions } from '../../src/config/options.ts'
import type { GenerateOptions } from '../../src/generate/options.ts'
import { kindNamed } from '../../src/kinds/define-kind.ts'
import type { Kind } from '../../src/kinds/kind.ts'
import type { MetricsConfig, RulesConfig } from '../../src/rules/rules-config.ts'

interface Given {
  readonly env?: Readonly<Record<string, string>>
  readonly profile?: string | Kind
  readonly rules?: RulesConfig
  readonly metrics?: MetricsConfig
}

export function generateOptions({ env = {}, profile, rules, metrics }: Given = {}): GenerateOptions {
  const { settings, ...own } = resolveOptions({ env, code: { ...(rules && { rules }), ...(metrics && { metrics }) } })
  return {
    limits: limitsOf(settings),
    kind: kindNamed(profile),
    rules: own.rules,
    metrics: own.metrics,
    publishingInterval: settings.publishingInterval,
    exportInterval: 60,
  }
}
