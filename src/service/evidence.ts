/**
 * What this instance says of rules that it finds well. Of most there is nothing to say; but an alert that others had found and cannot
 * resolve any more resolves when somebody says so, and one of scope `all` fires only if nobody says otherwise.
 */
import { wellAlert, type Instant } from '../judge/alert.ts'
import { alertKey, type Judgement } from '../judge/judge.ts'
import type { Alert, Attributes, Rule, ServiceAlert, TransitionCause, Verdict } from '../types.ts'

export interface EvidenceOptions {
  readonly rules: readonly Rule[]
  readonly service: string
  readonly alertId: (rule: string, labels: Attributes | undefined) => string
  readonly save: (alert: Alert, cause?: TransitionCause) => void
}

export class Evidence {
  readonly #options: EvidenceOptions
  readonly #rules: ReadonlyMap<string, Rule>
  /** Alerts about which somebody is asked, by id. */
  #asked = new Map<string, ServiceAlert>()
  /** What was said last of alerts of scope `all`, by id. */
  readonly #said = new Map<string, Verdict['kind']>()

  constructor(options: EvidenceOptions) {
    this.#options = options
    this.#rules = new Map(options.rules.map((rule) => [rule.name, rule]))
  }

  /** Open alerts of the service. */
  observe(open: readonly ServiceAlert[]): void {
    this.#asked = new Map(open.filter(({ asks }) => asks).map((alert) => [alert.id, alert]))
  }

  /** Says what is to be said after a judgement, of all rules or of some. */
  say({ verdicts, alerts }: Pick<Judgement, 'verdicts' | 'alerts'>, now: Instant): void {
    const { alertId, service, save } = this.#options
    for (const verdict of verdicts) {
      const rule = this.#rules.get(verdict.rule)
      if (!rule || (this.#asked.size === 0 && rule.scope !== 'all')) continue
      const alert = alerts.get(alertKey(rule.name, verdict.labels))
      const id = alert?.id ?? alertId(rule.name, verdict.labels)
      if (alert && alert.state !== 'inactive' && alert.state !== 'resolved') {
        // Its own changes are saved as they come.
        this.#said.delete(id)
        continue
      }
      const isAsked = verdict.kind === 'ok' && this.#asked.delete(id)
      // An alert that is over was said to be, by its own last change or by an earlier process of this name.
      const hasSaid = this.#said.has(id) || alert !== undefined
      const isNews = rule.scope === 'all' && this.#said.get(id) !== verdict.kind && (verdict.kind === 'ok' || hasSaid)
      if (!isAsked && !isNews) continue
      this.#said.set(id, verdict.kind)
      save(
        wellAlert(alert, { id, rule: rule.name, service, labels: verdict.labels, runbook: rule.runbook, scope: rule.scope }, verdict, now),
      )
    }
    this.#sayRemoved(now)
  }

  /** Nobody who has the rule is alive, and this instance does not have it: it was removed. */
  #sayRemoved(now: Instant): void {
    for (const [id, asked] of this.#asked) {
      const { rule, service, labels, runbook } = asked
      if (this.#rules.has(rule) || service !== this.#options.service) continue
      this.#asked.delete(id)
      const value = { current: null, threshold: null, unit: '' }
      const verdict: Verdict = { rule, kind: 'ok', message: `The rule ${rule} is not judged any more`, value }
      this.#options.save(wellAlert(undefined, { id, rule, service, labels, runbook }, verdict, now), 'rule_removed')
    }
  }
}
