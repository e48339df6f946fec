/** Packages through which services take work: which of them the process has loaded, in any thread, and which are seen by themselves. */
import type { ModuleHook } from '../instrument/hook/module-hook.ts'
import { POPULAR_LIBRARIES } from '../instrument/queues/popular-libraries.ts'
import type { UnseenFacts } from './unseen-work.ts'

export class Libraries {
  readonly #hook: Pick<ModuleHook, 'packages'>
  readonly #watched = new Set<string>()
  readonly #elsewhere = new Set<string>()

  constructor(hook: Pick<ModuleHook, 'packages'>) {
    this.#hook = hook
  }

  /** Workers of this package are seen. */
  watches(name: string): void {
    this.#watched.add(name)
  }

  /** Another thread has loaded these. */
  loadedElsewhere(names: readonly string[]): void {
    for (const name of names) this.#elsewhere.add(name)
  }

  found(): Pick<UnseenFacts, 'loaded' | 'seen'> {
    const loaded = [...new Set([...this.#hook.packages(), ...this.#elsewhere])]
    return { loaded: loaded.filter((name) => POPULAR_LIBRARIES.has(name) || this.#watched.has(name)), seen: this.#watched }
  }
}
