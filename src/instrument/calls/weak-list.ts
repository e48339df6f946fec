/** Objects that are still in use; to be in the list does not keep one alive. */
export class WeakList implements Iterable<object> {
  #refs: WeakRef<object>[] = []
  #pruneAt = 64

  /** In constant time on average. */
  add(object: object): void {
    if (this.#refs.length >= this.#pruneAt) {
      this.#refs = this.#refs.filter((ref) => ref.deref() !== undefined)
      this.#pruneAt = Math.max(64, this.#refs.length * 2)
    }
    this.#refs.push(new WeakRef(object))
  }

  *[Symbol.iterator](): IterableIterator<object> {
    for (const ref of this.#refs) {
      const object = ref.deref()
      if (object) yield object
    }
  }
}
