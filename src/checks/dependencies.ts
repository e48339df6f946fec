/**
 * The servers a service was found to use while it runs, each watched under a name of its own: `redis` for the first of its kind, then
 * `redis_2` and so on.
 *
 * All of them are required: the service itself chose to use them, and what fails it twice in a row, and a probe in between, is something
 * it does without.
 */
import type { Cancel, CheckResult, Clock } from '../types.ts'
import type { DependencyEvidence, DependencyKind } from './dependency-evidence.ts'
import type { DependencyProbe } from './dependency-probe.ts'
import { dependencyProbe } from './dependency-probe.ts'
import { DependencyWatch } from './dependency-watch.ts'

export interface DependenciesOptions {
  readonly clock: Clock
  readonly intervalMs: number
  /** Names of the configured checks. */
  readonly taken: ReadonlySet<string>
  readonly onChange: () => void
  readonly probe?: (kind: DependencyKind, address: string) => DependencyProbe
}

/** More are not watched: nodes of a large cluster, or addresses that change with every deployment. */
const MOST_DEPENDENCIES = 10
/** A failing server that the service has not tried for this long, while others of its kind answer, was left behind: a failover. */
const LEFT_BEHIND_MS = 300_000
/**
 * A server that has failed for this long without the service trying it even once is one that it does without: one for its start, or for a
 * job that is done. That the service closed its last connection would not tell, as pools close theirs when they are idle. The time counts
 * from the failure too, so that one which goes while the service is idle, as at night, is told and stays so for a while.
 */
const ABANDONED_MS = 3_600_000

interface Dependency {
  readonly kind: DependencyKind
  readonly name: string
  readonly watch: DependencyWatch
}

export class Dependencies {
  readonly #options: DependenciesOptions
  readonly #byAddress = new Map<string, Dependency>()
  #cancel: Cancel | undefined
  #started = false

  constructor(options: DependenciesOptions) {
    this.#options = options
  }

  /** The first evidence of a server adds it. */
  observe(evidence: DependencyEvidence): void {
    const dependency = this.#byAddress.get(keyOf(evidence)) ?? this.#add(evidence)
    dependency?.watch.observe(evidence)
  }

  start(): void {
    this.#started = true
    for (const { watch } of this.#byAddress.values()) watch.start()
    this.#schedule()
  }

  /** Probes no more. */
  stop(): void {
    this.#started = false
    this.#cancel?.()
    this.#cancel = undefined
    for (const { watch } of this.#byAddress.values()) watch.stop()
  }

  /** Probes every server that the service's own traffic has not proved. Never rejects. */
  async check(): Promise<void> {
    this.#forgetUnused()
    await Promise.all([...this.#byAddress.values()].map(({ watch }) => watch.check()))
  }

  /** By name; a server of which nothing is known is left out. */
  results(): (readonly [name: string, result: CheckResult])[] {
    return [...this.#byAddress.values()].flatMap(({ name, watch: { result } }) => (result ? [[name, result] as const] : []))
  }

  #add({ kind, address }: DependencyEvidence): Dependency | undefined {
    const { clock, intervalMs, onChange, probe = dependencyProbe } = this.#options
    if (this.#byAddress.size >= MOST_DEPENDENCIES) return undefined
    const watch = new DependencyWatch({ clock, intervalMs, onChange, probe: probe(kind, address), probesWhenIdle: kind !== 'mysql' })
    const dependency = { kind, name: this.#freeName(kind), watch }
    this.#byAddress.set(keyOf({ kind, address }), dependency)
    this.#schedule()
    return dependency
  }

  #freeName(kind: DependencyKind): string {
    const taken = new Set([...this.#options.taken, ...[...this.#byAddress.values()].map(({ name }) => name)])
    let name: string = kind
    for (let n = 2; taken.has(name); n++) name = `${kind}_${n}`
    return name
  }

  /** Thrice per interval, so that the time since the last proof is hardly longer than the interval. */
  #schedule(): void {
    if (!this.#started || this.#cancel || this.#byAddress.size === 0) return
    this.#cancel = this.#options.clock.every(this.#options.intervalMs / 3, () => void this.check())
  }

  /** What is used after all is back with its next evidence. */
  #forgetUnused(): void {
    const now = this.#options.clock.monotonicMs()
    const since = now - LEFT_BEHIND_MS
    const alive = new Set([...this.#byAddress.values()].filter(({ watch }) => watch.answeredServiceAt > since).map(({ kind }) => kind))
    for (const [key, { kind, watch }] of this.#byAddress) {
      if (watch.result?.status !== 'unhealthy') continue
      const leftBehind = alive.has(kind) && watch.triedAt <= since
      const abandoned = Math.max(watch.triedAt, watch.failingSince) <= now - ABANDONED_MS
      if (!leftBehind && !abandoned) continue
      watch.stop()
      this.#byAddress.delete(key)
      this.#options.onChange()
    }
  }
}

function keyOf({ kind, address }: { readonly kind: DependencyKind; readonly address: string }): string {
  return `${kind} ${address}`
}
