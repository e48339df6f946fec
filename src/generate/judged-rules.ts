/** The rules that services are judged by, each as it was said and as it is judged. */
import type { MetricDefinition } from '../catalogue.ts'
import { EVERY_SERVICE } from '../catalogue.ts'
import type { Kind } from '../kinds/kind.ts'
import { everyServiceRules } from '../rules/every-service.ts'
import type { RuleData } from '../rules/rule-data.ts'
import { overridden } from '../rules/override-rule.ts'
import { NO_RULES } from '../rules/rules-config.ts'
import { profileOf } from '../rules/service-kind.ts'
import type { Rule } from '../types.ts'
import { kindsOf } from './kinds-of.ts'
import type { GenerateOptions } from './options.ts'

export interface JudgedRule {
  readonly data: RuleData
  readonly rule: Rule
  readonly metrics: ReadonlyMap<string, MetricDefinition>
}

export interface JudgedKind {
  /** Whose rules they are, as a heading says it. */
  readonly whose: string
  /** As alerts are labelled. */
  readonly kind: string
  readonly rules: readonly JudgedRule[]
}

/** As a service calls its kind that is of none. */
const NO_KIND = 'service'

/**
 * Of the kind of service whose health.config this is, with its own rules; where there is no health.config, of every kind. A rule that
 * several kinds share stands with the first. Then the rules of every service, whatever its kind. Throws one sentence if a rule cannot be judged.
 */
export function judgedKinds(options: GenerateOptions): readonly JudgedKind[] {
  const isOne = options.isOfOneService === true
  const kinds = isOne ? [options.kind] : kindsOf(options)
  const said = new Set<string>()
  const ofKinds = kinds.map((kind) => ({
    whose: kind.name,
    kind: kind.name,
    rules: judgedRules(kind, options).filter(({ data }) => {
      const key = JSON.stringify(data)
      return said.has(key) ? false : said.add(key)
    }),
  }))
  return [...ofKinds, { whose: 'every service', kind: isOne ? options.kind.name : NO_KIND, rules: rulesOfEveryService(options) }]
}

function judgedRules(kind: Kind, options: GenerateOptions): readonly JudgedRule[] {
  const given = kind === options.kind ? options : { rules: NO_RULES, metrics: [] }
  const own = [...(kind.ownRules ?? []).map(({ data }) => data), ...given.rules.own]
  return judged([...kind.rules(options.limits).map(({ data }) => data), ...own], kind, { ...options, ...given })
}

/** As the kind has them where it is known: without a health.config those of a kind that changes nothing of them. */
function rulesOfEveryService(options: GenerateOptions): readonly JudgedRule[] {
  const kind = options.isOfOneService === true ? options.kind : { ...options.kind, changes: {} }
  const all = everyServiceRules(options.limits).flatMap(({ data }) => overridden(data, kind.changes ?? {}) ?? [])
  return judged(all, kind, options)
}

function judged(all: readonly RuleData[], kind: Kind, { limits, rules, metrics }: GenerateOptions): readonly JudgedRule[] {
  const compiled = new Map(profileOf(kind, limits, rules, metrics).rules.map((rule) => [rule.name, rule]))
  const known = new Map([...EVERY_SERVICE, ...kind.metrics, ...metrics].map((metric) => [metric.name, metric]))
  return all.flatMap((each) => {
    const data = overridden(each, rules.overrides)
    const rule = compiled.get(each.name)
    return data && rule ? [{ data, rule, metrics: known }] : []
  })
}
