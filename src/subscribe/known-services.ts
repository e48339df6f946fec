/** Services and instances that the lists of the health Redis confirm. A change costs the same however many there are. */
import type { InstanceView, Problem, ServiceView } from './health-view.ts'

interface KnownService {
  lastBeatAt: number | undefined
  readonly instances: Map<string, InstanceView>
  view: ServiceView | undefined
}

export class KnownServices {
  readonly #services = new Map<string, KnownService>()
  /** By key: of an instance, or of a service's list. */
  readonly #problems = new Map<string, Problem>()
  readonly #most: number
  #instances = 0
  #names: readonly string[] | undefined
  #views: readonly ServiceView[] | undefined

  /** `most`: services and instances together; what is beyond is not taken in. */
  constructor(most: number) {
    this.#most = most
  }

  /** By name. */
  get views(): readonly ServiceView[] {
    this.#names ??= [...this.#services.keys()].toSorted()
    this.#views ??= this.#names.map((service) => viewOf(service, this.#services.get(service)!))
    return this.#views
  }

  get problems(): ReadonlyMap<string, Problem> {
    return this.#problems
  }

  names(): readonly string[] {
    return [...this.#services.keys()]
  }

  has(service: string): boolean {
    return this.#services.has(service)
  }

  instance(service: string, instance: string): InstanceView | undefined {
    return this.#services.get(service)?.instances.get(instance)
  }

  instancesOf(service: string): readonly string[] {
    return [...(this.#services.get(service)?.instances.keys() ?? [])]
  }

  /** False: there is no room for it. */
  setService(service: string, lastBeatAt: number | undefined): boolean {
    const known = this.#services.get(service)
    if (!known) {
      if (this.#isFull) return false
      this.#services.set(service, { lastBeatAt, instances: new Map(), view: undefined })
      this.#names = undefined
      this.#views = undefined
    } else if (known.lastBeatAt !== lastBeatAt) {
      known.lastBeatAt = lastBeatAt
      this.#changed(known)
    }
    return true
  }

  /** Of a service that is known. False: there is no room for it. */
  setInstance(service: string, view: InstanceView): boolean {
    const known = this.#services.get(service)
    if (!known) return false
    if (!known.instances.has(view.instance)) {
      if (this.#isFull) return false
      this.#instances++
    }
    known.instances.set(view.instance, view)
    this.#changed(known)
    return true
  }

  removeInstance(service: string, instance: string): void {
    const known = this.#services.get(service)
    if (!known?.instances.delete(instance)) return
    this.#instances--
    this.#changed(known)
  }

  removeService(service: string): void {
    const known = this.#services.get(service)
    if (!known) return
    this.#services.delete(service)
    this.#instances -= known.instances.size
    this.#names = undefined
    this.#views = undefined
  }

  /** `reason` left out: there is none any more. */
  setProblem(key: string, service: string, reason?: string): void {
    if (reason === undefined) this.#problems.delete(key)
    else this.#problems.set(key, { key, reason, service })
  }

  get #isFull(): boolean {
    return this.#services.size + this.#instances >= this.#most
  }

  #changed(known: KnownService): void {
    known.view = undefined
    this.#views = undefined
  }
}

function viewOf(service: string, known: KnownService): ServiceView {
  known.view ??= {
    service,
    lastBeatAt: known.lastBeatAt,
    instances: [...known.instances.values()].toSorted((a, b) => (a.instance < b.instance ? -1 : 1)),
  }
  return known.view
}
