/** A rule as a sentence: rule('low_hit_rate').when(ratio({ of: hits, in: lookups }).over('5m')).below(60, '%').for('2m'). */
import type { RuleScope, Severity, Where } from '../types.ts'
import type { Reading } from './readings.ts'
import type { LimitText, RuleData, TimeText } from './rule-data.ts'

export function rule(name: string): { when(reading: Reading): RuleSentence } {
  return { when: (reading) => new RuleSentence({ name, when: reading.data }) }
}

/** Every word gives a new sentence; whether it makes sense is found out when a monitor is made of it. */
export class RuleSentence {
  readonly data: RuleData

  constructor(data: RuleData) {
    this.data = data
  }

  /** A breach, a WARNING, above the limit. The unit is any of the reading's kind: `ms` for seconds. */
  above(limit: number, unit?: string): RuleSentence {
    return this.#with({ above: withUnit(limit, unit) })
  }

  /** A breach, a WARNING, below the limit. */
  below(limit: number, unit?: string): RuleSentence {
    return this.#with({ below: withUnit(limit, unit) })
  }

  /** CRITICAL beyond this limit, which is further out. Default unit: that of the first limit. */
  critical(limit: number, unit?: string): RuleSentence {
    return this.#with({ critical: withUnit(limit, unit) })
  }

  /** Once it fires, it is fine again only beyond this limit, which is on the good side of the first. */
  clear(limit: number, unit?: string): RuleSentence {
    return this.#with({ clear: withUnit(limit, unit) })
  }

  /** Of a state: every known state but this one is a breach. */
  isNot(state: string): RuleSentence {
    return this.#with({ isNot: state })
  }

  /** Of a state or an absence, which have no limits. Default: CRITICAL of a state, WARNING of an absence. */
  as(severity: Severity): RuleSentence {
    return this.#with({ severity })
  }

  /** Of ratios, success rates, slow calls and throughput: compared with the limit as it is, in one window, however small the numbers are. */
  plain(): RuleSentence {
    return this.#with({ plain: true })
  }

  /** A breach must hold this long before the alert fires. Default 1m. */
  for(time: TimeText): RuleSentence {
    return this.#with({ for: time })
  }

  /** It must be fine this long before the alert resolves. Default 2m. */
  keepFiring(time: TimeText): RuleSentence {
    return this.#with({ keepFiring: time })
  }

  /** What people are told. {current}, {limit}, {n}, {count}, {failures} and {window} stand for figures, {of} for the value of `by`. */
  says(sentence: string): RuleSentence {
    return this.#with({ says: sentence })
  }

  /** One alert for each value of the attribute. The first 50 are told apart, the others are judged together as `_OTHER`. */
  by(attribute: string): RuleSentence {
    return this.#with({ by: attribute })
  }

  /** Only these series of every metric that it reads. */
  where(where: Where): RuleSentence {
    return this.#with({ where: { ...this.data.where, ...where } })
  }

  /** How instances of one service combine. Default `any`. */
  scope(scope: RuleScope): RuleSentence {
    return this.#with({ scope })
  }

  /** A page that says what to do about it. */
  runbook(url: string): RuleSentence {
    return this.#with({ runbook: url })
  }

  /**
   * Rules of the service whose alerts explain this one: while one of them is open people are not told of it, and when it fires it is waited 20 s
   * for them. `dependency_down` stands for the service's own checks and for services that `dependsOn` names, while these are unhealthy.
   */
  inhibitedBy(...rules: readonly string[]): RuleSentence {
    return this.#with({ inhibitedBy: [...(this.data.inhibitedBy ?? []), ...rules] })
  }

  /**
   * What mends it: while its alert fires, and none of `inhibitedBy` is open, `otel-health run` may start the process again. Refused of what is
   * outside of the process: a restart mends no upstream, no account and no Redis.
   */
  recover(by: 'restart'): RuleSentence {
    return this.#with({ recover: by })
  }

  /** What it is about, for whoever reads a list of rules. */
  summary(sentence: string): RuleSentence {
    return this.#with({ summary: sentence })
  }

  #with(more: Partial<RuleData>): RuleSentence {
    return new RuleSentence({ ...this.data, ...more })
  }
}

/** By what it is made of: a rule may come from another copy of this package than the one that judges it. */
export function isRuleSentence(value: unknown): value is RuleSentence {
  const { data } = (value ?? {}) as { data?: { name?: unknown; when?: unknown } }
  return typeof data === 'object' && typeof data.name === 'string' && data.when !== undefined
}

function withUnit(limit: number, unit: string | undefined): LimitText {
  return unit === undefined ? limit : `${limit} ${unit}`
}
