/** One extractor of one target: what it reads of each result, and whether any result has had it. */
import { isMap, isPromise } from 'node:util/types'

import type { Extractor } from '../config/targets.ts'
import { whatItHas } from './seen-keys.ts'

export class Extraction {
  readonly #extractor: Extractor<unknown>
  readonly #path: readonly string[]
  readonly #unread: (why: string) => void
  #found = false
  #said = false

  /** `unread` is told once, the first time that a result has not what no other has had: why, as a sentence goes on. */
  constructor(extractor: Extractor<unknown>, unread: (why: string) => void) {
    this.#extractor = extractor
    this.#path = typeof extractor === 'string' ? extractor.split('.') : []
    this.#unread = unread
  }

  /** Whether any result has had it. */
  get found(): boolean {
    return this.#found
  }

  get isFunction(): boolean {
    return typeof this.#extractor === 'function'
  }

  /** `undefined` if it is not there. Throws what the extractor throws, and if that does not answer at once. `quiet`: nothing is said. */
  read(value: unknown, args: readonly unknown[], quiet: boolean = false): unknown {
    const extractor = this.#extractor
    const read = typeof extractor === 'function' ? atOnce(extractor(value, args)) : this.#follow(value)
    if (read !== undefined) this.#found = true
    else if (!this.#found && !this.#said && !quiet) {
      this.#said = true
      this.#unread(this.#why(value))
    }
    return read
  }

  #follow(value: unknown): unknown {
    let found = value
    for (const key of this.#path) found = step(found, key)
    return found
  }

  #why(value: unknown): string {
    if (this.#path.length === 0) return `its function has given undefined so far; the result ${whatItHas(value)}`
    let last = value
    let way = ''
    for (const key of this.#path) {
      const next = step(last, key)
      if (next === undefined) break
      last = next
      way = way === '' ? key : `${way}.${key}`
    }
    return `no result has had ${this.#path.join('.')} so far; ${way === '' ? 'the result' : way} ${whatItHas(last)}`
  }
}

function step(from: unknown, key: string): unknown {
  if (from === undefined || from === null) return undefined
  const own = (from as Readonly<Record<string, unknown>>)[key]
  return own === undefined && isMap(from) ? from.get(key) : own
}

/** A promise counts as true, whatever it comes to; and one that rejects would end the service. */
function atOnce(read: unknown): unknown {
  if (!isPromise(read)) return read
  read.catch(() => {})
  throw new TypeError('an extractor gave a promise, but must answer at once')
}
