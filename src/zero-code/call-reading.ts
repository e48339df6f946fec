/** What a watched call says of the work, read as its target in health.config tells. */
import { isMap, isSet } from 'node:util/types'

import type { Reading } from '../config/targets.ts'
import type { Success } from '../types.ts'
import { Extraction } from './extraction.ts'

export interface WatchedCall {
  readonly durationMs: number
  readonly args: readonly unknown[]
  /** What it returned or resolved to; absent if it threw or rejected. */
  readonly value?: unknown
  /** What it threw or rejected with. */
  readonly error?: unknown
  readonly failed: boolean
}

/** One call in the words of a recorder; what the target does not read is `undefined`. */
export interface CallFacts {
  /** Of the work. */
  readonly name: string
  readonly success: Success
  readonly durationMs: number
  readonly errorType: string | undefined
  readonly reportsFound: number | undefined
  readonly events: number | undefined
}

export interface CallReaderOptions {
  /** Of the work. */
  readonly name: string
  /** Told of what an extractor failed to read; the rest of the call counts. */
  readonly dropped: (what: string) => void
  /** Told once of each extractor that finds nothing, in a sentence. */
  readonly unread: (what: string) => void
}

const CONSEQUENCES = {
  success: 'until one has, its calls count neither as successes nor as failures',
  reportsFound: 'until one has, nobody knows what it finds',
  events: 'until one has, nobody knows what it generates',
  errorType: 'until one has, what failed is told apart by its code, status or name',
  result: 'until one has, nothing of it is recorded',
} as const
/** Of a batch, which has taken place all the same. */
const OF_BATCH = 'until one has, each batch is one piece of work of which nobody can tell how it ended'
type Extracted = keyof typeof CONSEQUENCES

export class CallReader {
  readonly #name: string
  readonly #isBatch: boolean
  /** A call that did not fail succeeded, and more is not known. */
  readonly #readsNothing: boolean
  readonly #dropped: (what: string) => void
  readonly #extractions: { readonly [K in Extracted]: Extraction | undefined }

  constructor(reading: Reading, { name, dropped, unread }: CallReaderOptions) {
    this.#name = name
    this.#isBatch = reading.records === 'batch'
    this.#dropped = dropped
    this.#readsNothing = reading.success === undefined && reading.reportsFound === undefined && reading.events === undefined
    const of = (field: Extracted): Extraction | undefined => {
      const extractor = reading[field]
      if (extractor === undefined) return undefined
      const consequence = field === 'result' && reading.records === 'batch' ? OF_BATCH : CONSEQUENCES[field]
      return new Extraction(extractor, (why) => unread(`"${field}" of ${name} in health.config: ${why}; ${consequence}`))
    }
    this.#extractions = {
      success: of('success'),
      reportsFound: of('reportsFound'),
      events: of('events'),
      errorType: of('errorType'),
      result: of('result'),
    }
  }

  read(call: WatchedCall): CallFacts {
    if (this.#readsNothing && !call.failed) {
      const { durationMs } = call
      return { success: true, name: this.#name, durationMs, errorType: undefined, reportsFound: undefined, events: undefined }
    }
    const success = this.#success(call)
    return {
      success,
      name: this.#name,
      durationMs: call.durationMs,
      errorType: success === false ? this.#errorType(call) : undefined,
      reportsFound: success === false ? undefined : this.#count(this.#extractions.reportsFound, call),
      events: success === false ? undefined : this.#count(this.#extractions.events, call),
    }
  }

  /** What a batch or an account's state is made of; throws what the extractor throws. Where it gives undefined there is nothing to record. */
  result({ value, args }: WatchedCall): unknown {
    const { result } = this.#extractions
    // A function that gives undefined says of a record that there is none.
    return result === undefined ? value : result.read(value, args, result.isFunction && !this.#isBatch)
  }

  /** A batch and what it holds: where that is not what `result` says, nobody can tell how it ended. */
  batch(call: WatchedCall): { readonly facts: CallFacts; readonly result: unknown } {
    const facts = this.read(call)
    if (facts.success === false) return { facts, result: undefined }
    const result = this.#safely(() => this.result(call), undefined)
    const isRead = this.#extractions.result === undefined || (result !== undefined && result !== null)
    return { facts: isRead ? facts : { ...facts, success: 'unknown' }, result }
  }

  /** What cannot be read is no proof of failure: the call did not throw. Nor is it one of success. */
  #success({ failed, value, args }: WatchedCall): Success {
    const { success } = this.#extractions
    if (failed) return false
    if (success === undefined) return true
    return this.#safely<Success>(() => {
      const read = success.read(value, args)
      return read === undefined && !success.found ? 'unknown' : Boolean(read)
    }, 'unknown')
  }

  /** What was thrown may well have none of what results have. */
  #errorType({ failed, error, value, args }: WatchedCall): string | undefined {
    const { errorType } = this.#extractions
    const failure = failed ? error : value
    const read = this.#safely(() => errorType?.read(failure, args, failed), undefined)
    return typeof read === 'string' || typeof read === 'number' ? String(read) : this.#safely(() => codeOf(failure), undefined)
  }

  #count(extraction: Extraction | undefined, { value, args }: WatchedCall): number | undefined {
    if (extraction === undefined) return undefined
    return this.#safely(() => {
      const read = extraction.read(value, args)
      if (Array.isArray(read)) return read.length
      if (isMap(read) || isSet(read)) return read.size
      if (read === undefined) return extraction.found ? 0 : undefined
      if (read === null) return 0
      if (typeof read === 'number') return read
      throw new TypeError(`a number or a list was expected of an extractor, which gave ${typeof read}`)
    }, undefined)
  }

  #safely<T>(read: () => T, otherwise: T): T {
    try {
      return read()
    } catch (error) {
      this.#dropped(error instanceof Error ? error.message : 'an extractor threw')
      return otherwise
    }
  }
}

/** `code`, `status`, `statusCode` or the name of what was thrown, or of its cause, as fetch wraps it. A DOMException's code is a number that nobody knows; its name says `TimeoutError`. */
export function codeOf(error: unknown): string | undefined {
  const cause = (error as { cause?: unknown } | null | undefined)?.cause
  for (const each of [error, cause]) {
    const { code, status, statusCode } = (each ?? {}) as Readonly<Record<string, unknown>>
    for (const candidate of [each instanceof DOMException ? undefined : code, status, statusCode]) {
      if ((typeof candidate === 'string' && candidate !== '') || Number.isInteger(candidate)) return String(candidate)
    }
  }
  const name = (error as { name?: unknown } | null | undefined)?.name
  return typeof name === 'string' && name !== '' && name !== 'Error' ? name : undefined
}
