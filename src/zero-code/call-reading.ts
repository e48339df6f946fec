/** What a watched call says of the work, read as its target in health.config tells. Pure. */
import type { Extractor, Reading } from '../config/targets.ts'

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
  readonly success: boolean
  readonly durationMs: number
  readonly errorType: string | undefined
  readonly reportsFound: number | undefined
  readonly events: number | undefined
}

/** `dropped` is told of what an extractor failed to read; the rest of the call counts. */
export function readCall(reading: Reading, name: string, call: WatchedCall, dropped: (what: string) => void): CallFacts {
  const { args, value, durationMs } = call
  const { reportsFound, events } = reading
  // What cannot be read is no proof of failure: the call did not throw.
  const success =
    !call.failed && (reading.success === undefined || safely(() => Boolean(extract(reading.success!, value, args)), true, dropped))
  return {
    success,
    name,
    durationMs,
    errorType: success ? undefined : safely(() => errorTypeOf(reading, call.failed ? call.error : value, args), undefined, dropped),
    reportsFound: success && reportsFound !== undefined ? safely(() => countOf(reportsFound, value, args), undefined, dropped) : undefined,
    events: success && events !== undefined ? safely(() => countOf(events, value, args), undefined, dropped) : undefined,
  }
}

function safely<T>(read: () => T, otherwise: T, dropped: (what: string) => void): T {
  try {
    return read()
  } catch (error) {
    dropped(error instanceof Error ? error.message : 'an extractor threw')
    return otherwise
  }
}

/** What a batch or an account's state is made of. */
export function readResult({ result }: Reading, { value, args }: WatchedCall): unknown {
  return result === undefined ? value : extract(result, value, args)
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

function errorTypeOf({ errorType }: Reading, failure: unknown, args: readonly unknown[]): string | undefined {
  const read = errorType === undefined ? codeOf(failure) : extract(errorType, failure, args)
  return typeof read === 'string' || typeof read === 'number' ? String(read) : undefined
}

function countOf(extractor: Extractor<number | readonly unknown[]>, value: unknown, args: readonly unknown[]): number {
  const read = extract(extractor, value, args)
  if (Array.isArray(read)) return read.length
  if (read === undefined || read === null) return 0
  if (typeof read === 'number') return read
  throw new TypeError(`a number or a list was expected of an extractor, which gave ${typeof read}`)
}

function extract(extractor: Extractor<unknown>, value: unknown, args: readonly unknown[]): unknown {
  if (typeof extractor === 'function') return extractor(value, args)
  let found: unknown = value
  for (const key of extractor.split('.')) found = (found as Readonly<Record<string, unknown>> | null | undefined)?.[key]
  return found
}
