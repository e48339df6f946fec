import type { Cancel } from '../../types.ts'

/** Nobody may ever ask for them. */
const MOST_EARLY = 1000

/** Instances of one class: those made while its module was still being loaded wait for a listener. */
export class Instances {
  readonly #listeners = new Set<(instance: object) => void>()
  #early: object[] | undefined = []

  add(instance: object): void {
    if (this.#early && this.#early.length < MOST_EARLY) this.#early.push(instance)
    for (const listener of this.#listeners) listener(instance)
  }

  /** After this no instance is kept. */
  listen(listener: (instance: object) => void): Cancel {
    for (const instance of this.#early ?? []) listener(instance)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  forgetEarly(): void {
    this.#early = undefined
  }
}
