/** Attribute values that the service makes up. Each one is a series for ever, so their form and number are bounded. */

const OTHER = '_OTHER'
const LENGTH = 64
const FORM = /^[A-Za-z0-9_.:-]{1,64}$/

/** The first `limit` different values as they are, every further one as `_OTHER`. */
export class BoundedValues {
  readonly #limit: number
  readonly #clean: (raw: string) => string
  readonly #known = new Map<string, string>()

  /** `clean` gives a value its form; what it calls `_OTHER` takes no place. */
  constructor(limit: number, clean: (raw: string) => string) {
    this.#limit = limit
    this.#clean = clean
  }

  of(raw: string): string {
    const known = this.#known.get(raw)
    if (known !== undefined) return known
    if (this.#known.size >= this.#limit) return OTHER
    const value = this.#clean(raw)
    if (value !== OTHER) this.#known.set(raw, value)
    return value
  }
}

/** A name made of letters, digits and `_.:-`, 64 at most: what is not so is cut, and other characters become `_`. */
export function cleanName(raw: string): string {
  if (FORM.test(raw)) return raw
  return raw === '' ? OTHER : raw.slice(0, LENGTH).replaceAll(/[^A-Za-z0-9_.:-]+/g, '_')
}

/** An error's code, HTTP status or class. Anything else may be a message, which says too much to become an attribute. */
export function cleanErrorType(raw: string): string {
  return FORM.test(raw) ? raw : OTHER
}
