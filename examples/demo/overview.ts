import { alertName } from '../../src/judge/status.ts'
import { dependenciesOf, dependencySentence, type Dependency } from '../../src/subscribe/dependencies.ts'
import { serviceStatus } from '../../src/subscribe/service-status.ts'
import type { HealthView } from '../../src/subscribe/health-view.ts'
import type { Phase, Status } from '../../src/types.ts'
import type { AlertView } from '../../src/wire/alert-view.ts'
import type { HealthMessage } from '../../src/wire/message.ts'
import type { FeedEntry } from './feed.ts'
import type { Fields } from './fields.ts'
import { keyFigures, knowsItsSuccess } from './key-figures.ts'
import { shortReason, Shown, toneOfAlert, toneOfStatus } from './shown.ts'

/** So long after the start everyone may still miss someone, or not have asked its Redis yet. */
const SETTLED_MS = 3000

/** One service of several, in a row. */
export interface ServiceRow {
  readonly name: string
  /** `undefined` before anything was heard of it. */
  readonly status: Status | undefined
  readonly phase: Phase | undefined
  readonly figures: string
}

interface Known {
  status?: Status
  phase?: Phase
  metrics?: Fields
  /** What it depends on and is not well: the worst. */
  cause?: Dependency
}

/** Several services with the little that says whether each is well, and what it depends on. Filled from the health channels alone. */
export class Overview extends Shown {
  readonly #names: readonly string[]
  readonly #startedAt: number
  readonly #known: ReadonlyMap<string, Known>
  #alerts: readonly AlertView[] = []
  /** When all had been seen running. Epoch milliseconds. */
  #allRanAt: number | undefined
  #allWereHealthy = false

  /** `names`: the services, in the order in which they are shown. `startedAt`: epoch milliseconds. */
  constructor(names: readonly string[], startedAt: number, onNews: (entry: FeedEntry) => void) {
    super(onNews)
    this.#names = names
    this.#startedAt = startedAt
    this.#known = new Map(names.map((name) => [name, {}]))
  }

  /** A message about one of the services. */
  hear(message: HealthMessage, now: number): void {
    const known = this.#known.get(message.service)
    if (!known) return
    if (message.channel === 'alerts') {
      this.count(message)
      const { type, service, severity } = message
      this.say('alerts', `${service} ${type} ${alertName(message)} ${severity}: ${message.message}`, toneOfAlert(message), now)
    } else if (message.channel === 'metrics') known.metrics = message.metrics
    // A reader's view has no instance of whoever says that it stopped.
    else if (message.phase === 'stopped') this.#stand(message.service, known, message.status, 'stopped', message.reasons, now)
  }

  /** All that is known of the services now; what changed becomes news. */
  see(view: HealthView, now: number): void {
    this.#alerts = view.alerts.filter(({ service }) => this.#known.has(service))
    for (const service of view.services) {
      const known = this.#known.get(service.service)
      if (!known) continue
      const { status, reasons, live } = serviceStatus(service, view.alerts)
      const phase = live[0]?.status?.phase ?? known.phase
      if (phase && status !== 'unknown' && status !== 'stopped') this.#stand(service.service, known, status, phase, reasons, now)
    }
    const all = [...this.#known.values()]
    if (all.every(({ phase }) => phase === 'running')) this.#allRanAt ??= now
    if (this.#allRanAt !== undefined && now - this.#allRanAt >= SETTLED_MS && !this.stopping) this.#tellCauses(view, now)
    if (!this.#allWereHealthy && all.every(isKnownToBeHealthy)) {
      this.#allWereHealthy = true
      const seconds = Math.round((now - this.#startedAt) / 1000)
      this.say('healthy', `all ${inWords(all.length)} services are healthy, ${seconds} s after the start`, 'good', now)
    }
  }

  rows(): readonly ServiceRow[] {
    return this.#names.map((name) => {
      const { status, phase, metrics } = this.#known.get(name)!
      return { name, status, phase, figures: metrics ? keyFigures(name, metrics) : '' }
    })
  }

  /** CRITICAL first, then the oldest. */
  openAlerts(): readonly AlertView[] {
    return this.#alerts.toSorted((a, b) => a.severity.localeCompare(b.severity) || a.since.localeCompare(b.since))
  }

  /** Services that depend on something that is not well, each with a sentence. */
  affected(): readonly { readonly service: string; readonly cause: Dependency }[] {
    return this.#names.flatMap((service) => {
      const { cause } = this.#known.get(service)!
      return cause ? [{ service, cause }] : []
    })
  }

  #stand(service: string, known: Known, status: Status, phase: Phase, reasons: readonly string[], now: number): void {
    if (known.status === status && known.phase === phase) return
    known.status = status
    known.phase = phase
    const others = reasons.filter((reason) => reason !== phase).map(shortReason)
    const because = others.length > 0 ? `: ${others.join(', ')}` : ''
    this.say('status', `${service} ${status}, ${phase}${because}`, toneOfStatus(status), now)
  }

  #tellCauses(view: HealthView, now: number): void {
    const dependencies = dependenciesOf(view)
    for (const [service, known] of this.#known) {
      const before = known.cause
      const cause = dependencies.get(service)?.causes[0]
      if (cause) known.cause = cause
      else delete known.cause
      // The figures in a reason go on changing.
      if (before?.name === cause?.name && before?.status === cause?.status) continue
      if (cause) this.say('depends', `${service} ${dependencySentence(cause)}`, 'warning', now)
      else this.say('depends', `${service}: all that it depends on is well again`, 'good', now)
    }
  }
}

function isKnownToBeHealthy({ status, phase, metrics }: Known): boolean {
  return status === 'healthy' && phase === 'running' && metrics !== undefined && knowsItsSuccess(metrics)
}

function inWords(count: number): string {
  return ['no', 'one', 'two', 'three', 'four', 'five'][count] ?? String(count)
}
