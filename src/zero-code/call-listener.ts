/** The calls of one target of health.config, said to the recorder as what they mean. */
import type { KindRecord } from '../config/kind-config.ts'
import type { Reading } from '../config/targets.ts'
import type { CallListener } from '../instrument/calls/watch-function.ts'
import type { WorkInHand } from '../record/work-in-hand.ts'
import type { WatchedCall } from './call-reading.ts'
import { CallReader } from './call-reading.ts'
import { marksOf } from './error-marks.ts'
import type { ServiceRecorder } from './service-recorder.ts'

export interface CallMeaning {
  /** Where calls that are work are counted while they run. */
  readonly inHand?: WorkInHand | undefined
  readonly name: string
  readonly upstream: string
  /** Of a record: a call that fails is one, too. */
  readonly isAttempt: boolean
  /** Of a record that is a state: what it may be. */
  readonly state?: KindRecord['state'] | undefined
  /** Told what no result has had so far, as a sentence. */
  readonly unread: (what: string) => void
}

/** What an extractor throws is counted, and said the first time. */
export function callListener(recorder: ServiceRecorder, target: Reading, meaning: CallMeaning): CallListener {
  const { name } = meaning
  const dropped = (why: string): void => recorder.dropped(`what ${name} returned (${why})`)
  const tell = teller(recorder, target, meaning, dropped)
  return {
    isSafe: true,
    ...(meaning.isAttempt && meaning.inHand && { running: { name, counts: meaning.inHand } }),
    ...(target.records === 'stop' && { onBegin: () => recorder.phase('draining') }),
    onCall(call) {
      try {
        tell(call)
      } catch (error) {
        dropped(error instanceof Error ? error.message : 'an extractor threw')
      }
    },
  }
}

function teller(
  recorder: ServiceRecorder,
  target: Reading,
  meaning: CallMeaning,
  dropped: (why: string) => void,
): (call: WatchedCall) => void {
  const { name, upstream, unread } = meaning
  const reader = new CallReader(target, { name, dropped, unread })
  switch (target.records) {
    case 'attempt':
      return (call) => recorder.attempt(reader.read(call))
    case 'batch':
      return (call) => {
        const { facts, result } = reader.batch(call)
        recorder.batch(facts, result)
      }
    case 'api_call':
      return (call) => {
        const { durationMs, errorType, success } = reader.read(call)
        recorder.apiCall({ upstream, durationMs, errorType: success === false ? (errorType ?? '_OTHER') : undefined })
      }
    case 'start':
      return (call) => {
        if (!call.failed) recorder.phase('running', call.durationMs)
      }
    case 'stop':
      return () => {}
    default:
      return (call) => {
        const known = call.failed ? ofFailedCall(target, meaning, call, dropped) : ofCall(target, meaning, reader.result(call), dropped)
        if (known !== NOTHING) recorder.record(target.records, reader.read(call), known)
      }
  }
}

/** There is nothing to record. */
const NOTHING = Symbol('nothing')

function ofCall({ result }: Reading, { state }: CallMeaning, known: unknown, dropped: (why: string) => void): unknown {
  if (result === undefined) return known
  if (known === undefined || known === null) return NOTHING
  const form = Array.isArray(known) ? 'a list' : typeof known
  const expected = state ? 'string' : 'object'
  if (form === expected) return known
  dropped(`${state ? 'a text' : 'an object'} was expected of an extractor, which gave ${form}`)
  return NOTHING
}

/**
 * Of work, its failure counts, and its arguments may say of what it was: an extractor that cannot do without a result leaves it at the
 * failure. Of anything else an error says only what is known of errors such as it.
 */
function ofFailedCall(target: Reading, meaning: CallMeaning, call: WatchedCall, dropped: (why: string) => void): unknown {
  if (!meaning.isAttempt) return ofError(target, meaning, call) ?? NOTHING
  const { result } = target
  if (typeof result !== 'function') return undefined
  try {
    const known: unknown = result(undefined, call.args)
    if (known === null) return NOTHING
    return typeof known === 'object' ? { ...known, success: false } : undefined
  } catch (error) {
    dropped(`${error instanceof Error ? error.message : 'an extractor threw'}, of a call that failed`)
    return undefined
  }
}

/** `null`, as `undefined`: nothing. */
function ofError({ onError }: Reading, { state }: CallMeaning, { error, args }: WatchedCall): unknown {
  const marks = marksOf(error)
  if (typeof onError === 'function') {
    const known: unknown = onError(error, args)
    return known === undefined ? state?.ofError(marks) : known
  }
  const said = marks.find((mark) => onError !== undefined && Object.hasOwn(onError, mark))
  return said === undefined ? state?.ofError(marks) : onError![said]
}
