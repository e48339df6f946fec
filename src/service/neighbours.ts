/** What is known of others: the other instances of this service, and the services that have fallen silent. */
import { alertId } from '../wire/alert-id.ts'
import { SERVICE_SILENT } from '../catalogue.ts'
import type { Instant } from '../judge/alert.ts'
import { isOpen } from '../judge/alert.ts'
import { judgeSilence } from '../judge/service-silent.ts'
import type { Alert, InstancePresence, Presence, Transition } from '../types.ts'

export class Neighbours {
  readonly #leastWatchedMs: number
  #others: readonly InstancePresence[] = []
  /** By the service that is silent. */
  #silences: ReadonlyMap<string, Alert> = new Map()

  /** `leastWatchedMs`: all are silent when Redis has been away for long, and then nobody was. */
  constructor(leastWatchedMs: number) {
    this.#leastWatchedMs = leastWatchedMs
  }

  /** The other instances of this service. */
  get others(): readonly InstancePresence[] {
    return this.#others
  }

  /** The alert about the silence of a service, if there ever was one. */
  silenceOf(service: string): Alert | undefined {
    return this.#silences.get(service)
  }

  /** Every service that ever fell silent, and whether it still is. */
  get silent(): ReadonlyMap<string, boolean> {
    return new Map(Array.from(this.#silences, ([service, alert]) => [service, isOpen(alert)]))
  }

  /** Alerts that an earlier process has saved; what was found here meanwhile is newer. */
  restore(silences: readonly Alert[]): void {
    this.#silences = new Map([...silences.map((alert) => [alert.service, alert] as const), ...this.#silences])
  }

  /** `presence` is `undefined` while nothing is known of anybody. */
  observe(presence: Presence | undefined, now: Instant, tell: (transition: Transition) => void): void {
    this.#others = presence?.others ?? []
    if (!presence || presence.watchedMs < this.#leastWatchedMs) return
    const { alerts, transitions } = judgeSilence({
      services: presence.services,
      alerts: this.#silences,
      alertId: (service) => alertId(SERVICE_SILENT, service),
      now,
    })
    for (const transition of transitions) tell(transition)
    this.#silences = alerts
  }
}
