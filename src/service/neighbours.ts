/** What is known of others: the other instances of this service, what they have found, and the services that have fallen silent. */
import type { InstancePresence, Presence, ServiceAlert, ShownAlert } from '../types.ts'

export class Neighbours {
  #presence: Presence | undefined
  readonly #silent = new Map<string, boolean>()

  /** The other instances of this service. */
  get others(): readonly InstancePresence[] {
    return this.#presence?.others ?? []
  }

  /** Open alerts of this service. */
  get open(): readonly ServiceAlert[] {
    return this.#presence?.open ?? []
  }

  /** Whether a person has said of an alert of this instance that it is over. */
  isResolvedByHand(id: string): boolean {
    return this.#presence?.resolvedByHand?.includes(id) ?? false
  }

  /** This clock less the server's, in milliseconds; `undefined` while it is not known. */
  get clockSkewMs(): number | undefined {
    return this.#presence?.clockSkewMs
  }

  /** Services that were seen silent, and whether they still are. */
  get silent(): ReadonlyMap<string, boolean> {
    return this.#silent
  }

  /** What of an alert is known here is newer; what others have found is added. */
  withThoseOfOthers(own: readonly ShownAlert[]): readonly ShownAlert[] {
    const ids = new Set(own.filter(({ state }) => state !== 'inactive' && state !== 'resolved').map(({ id }) => id))
    return [...own, ...this.open.filter(({ id, ofOthers }) => ofOthers && !ids.has(id))]
  }

  /** `presence` is `undefined` while nothing is known of anybody. */
  observe(presence: Presence | undefined): void {
    this.#presence = presence
    if (!presence) return
    for (const service of this.#silent.keys()) this.#silent.set(service, false)
    for (const service of presence.silent) this.#silent.set(service, true)
  }
}
