/** Answers probes of orchestrators where HEALTH_HTTP_PORT is set; what does it is loaded only then. */
import type { Settings } from '../config/settings.ts'
import { diag } from '../diag.ts'
import { isOpen } from '../judge/alert.ts'
import type { ToldHealth } from '../probe/health-document.ts'
import { whyNotAlive } from '../probe/liveness.ts'
import type { Probed } from '../probe/probe-answer.ts'
import type { ProbeServer } from '../probe/probe-server.ts'
import type { Clock } from '../types.ts'
import type { Evaluation } from './evaluation.ts'
import type { Phases } from './phase.ts'
import type { Publication } from './publication.ts'

export interface ProbingOptions {
  readonly service: string
  readonly instance: string
  readonly settings: Pick<Settings, 'httpPort' | 'httpHost' | 'httpToken' | 'evaluationInterval'>
  readonly clock: Clock
  readonly phases: Pick<Phases, 'shown'>
  readonly evaluation: Pick<Evaluation, 'last' | 'evaluatedAt'>
  readonly publication: Pick<Publication, 'standing'>
}

export class Probing {
  readonly #options: ProbingOptions
  #server: ProbeServer | undefined
  #startedAt = 0
  #isStopped = false

  constructor(options: ProbingOptions) {
    this.#options = options
  }

  /** Never throws, and does nothing where no port is set. */
  start(): void {
    const { httpPort: port, httpHost: host, httpToken: token } = this.#options.settings
    const { clock } = this.#options
    if (port === undefined) return
    this.#startedAt = clock.monotonicMs()
    import('../probe/probe-server.ts').then(
      (probe) => {
        if (this.#isStopped) return
        this.#server = new probe.ProbeServer({ port, host, token, clock, probed: () => this.#probed() })
        this.#server.listen()
      },
      (error: unknown) => diag.error('otel-health: no probes are answered here', error),
    )
  }

  stop(): void {
    this.#isStopped = true
    this.#server?.close()
  }

  #probed(): Probed {
    const { settings, clock, phases, evaluation } = this.#options
    const pulse = { startedAt: this.#startedAt, evaluatedAt: evaluation.evaluatedAt, intervalMs: settings.evaluationInterval * 1000 }
    return { whyNotAlive: whyNotAlive(pulse, clock.monotonicMs()), phase: phases.shown, health: () => this.#health() }
  }

  #health(): ToldHealth {
    const { service, instance, evaluation, publication } = this.#options
    const { instanceStatus: status, phase, checks } = publication.standing()
    return { service, instance, phase, status, checks, alerts: [...evaluation.last.alerts.values()].filter(isOpen) }
  }
}
