/** A kind of service of a user's own: a kind that is there, with more metrics and rules. */
import { checkRecords } from '../config/check-records.ts'
import type { KnownKind } from '../config/kind-config.ts'
import type { MetricsConfig, RulesConfig } from '../rules/rules-config.ts'
import { readMetrics, readRules } from '../rules/rules-config.ts'
import { shownValue } from '../rules/shown-value.ts'
import { SERVICE_SILENT } from '../catalogue.ts'
import { EVERY_SERVICE_RULE_NAMES } from '../rules/every-service.ts'
import { RuleSentence } from '../rules/rule.ts'
import { checkSwitchedOff } from '../rules/service-kind.ts'
import type { FiguresConfig } from '../rules/figure.ts'
import { readFigures } from '../rules/figure.ts'
import type { RecordsConfig } from '../rules/tally.ts'
import { readRecords } from '../rules/tally.ts'
import { extended } from './extended.ts'
import { KINDS } from './index.ts'
import type { Kind } from './kind.ts'

export interface KindDefinition {
  /** As status messages say it: lower-case letters, digits and `_`. */
  readonly name: string
  /** The kind that it is besides. Default: `worker`. */
  readonly base?: string
  /** What it records itself. */
  readonly metrics?: MetricsConfig
  /** Rules of its own, and other limits for those of its base; `false` switches one off. */
  readonly rules?: RulesConfig
  /** What status and metrics show besides, by name. */
  readonly figures?: FiguresConfig
  /** What a method or channel may record besides attempts and calls: a name, and the metrics that it adds to. */
  readonly records?: RecordsConfig
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/

/** For `profile` of health.config. Throws one sentence if the name is taken or none, or the base is no kind. */
export function defineKind(definition: KindDefinition): Kind {
  const { name, base } = definition
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new Error(
      `The kind of service is called ${shownValue(name)}, expected lower-case letters, digits and _ after a letter, 64 at most.`,
    )
  }
  if (KINDS.some((kind) => kind.name === name))
    throw new Error(`There is a kind of service called ${name} already: give yours another name.`)
  const found = kindNamed(base)
  const { overrides, own } = readRules(definition.rules)
  for (const [rule, override] of Object.entries(overrides)) {
    if (rule === SERVICE_SILENT) checkSwitchedOff(override)
    else if (![...found.ruleNames, ...EVERY_SERVICE_RULE_NAMES].includes(rule))
      throw new Error(`The rule ${shownValue(rule)} is not there to be changed: a ${found.title} has ${found.ruleNames.join(', ')}.`)
  }
  checkRecords(definition.records, `records of the kind ${name}`)
  const records = readRecords(definition.records)
  const ownRules = own.map((data) => new RuleSentence(data))
  const judging = extended(found, {
    name,
    metrics: readMetrics(definition.metrics),
    changes: overrides,
    ownRules,
    figures: readFigures(definition.figures),
    records,
  })
  const kind: Kind = {
    ...found,
    ...judging,
    title: name.replaceAll('_', ' '),
    isDefault: false,
    about: `A ${found.title} with ${ownRules.length} rules of its own.`,
    config: { ...found.config, records: { ...found.config.records, ...records } },
    ruleNames: [...found.ruleNames.filter((rule) => overrides[rule] !== false), ...own.map((rule) => rule.name)],
    monitor: (options) => found.monitor({ kind, ...options }),
  }
  return kind
}

/** Without a name the kind of a service that does not say. Throws one sentence if there is none of that name. */
export function kindNamed(profile: string | KnownKind | undefined): Kind {
  if (typeof profile === 'object') return profile as Kind
  const found: Kind | undefined = KINDS.find(({ name, isDefault }) => (profile === undefined ? isDefault : name === profile))
  if (found) return found
  throw new Error(`There is no kind of service called ${shownValue(profile)}: use one of ${KINDS.map(({ name }) => name).join(', ')}.`)
}
