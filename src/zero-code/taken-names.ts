/** Names of queues found in use: one that is taken is given a number. */
export class TakenNames {
  readonly #names = new Set<string>()

  take(name: string): string {
    let free = name
    for (let n = 2; this.#names.has(free); n++) free = `${name}_${n}`
    this.#names.add(free)
    return free
  }
}
