/** The calls of one target of health.config, said to the recorder as what they mean. */
import type { Reading } from '../config/targets.ts'
import type { CallListener } from '../instrument/calls/watch-function.ts'
import type { WatchedCall } from './call-reading.ts'
import { readCall, readResult } from './call-reading.ts'
import type { ServiceRecorder } from './service-recorder.ts'

export interface CallMeaning {
  readonly name: string
  readonly upstream: string
  /** Of a record: a call that fails is one, too. */
  readonly isAttempt: boolean
}

/** What an extractor throws is counted, and said the first time. */
export function callListener(recorder: ServiceRecorder, target: Reading, meaning: CallMeaning): CallListener {
  const { name } = meaning
  const dropped = (why: string): void => recorder.dropped(`what ${name} returned (${why})`)
  const tell = teller(recorder, target, meaning, dropped)
  return {
    isSafe: true,
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
  { name, upstream, isAttempt }: CallMeaning,
  dropped: (why: string) => void,
): (call: WatchedCall) => void {
  switch (target.records) {
    case 'attempt':
      return (call) => recorder.attempt(readCall(target, name, call, dropped))
    case 'batch':
      return (call) => {
        const facts = readCall(target, name, call, dropped)
        recorder.batch(facts, facts.success ? readResult(target, call) : undefined)
      }
    case 'api_call':
      return (call) => {
        const { durationMs, errorType, success } = readCall(target, name, call, dropped)
        recorder.apiCall({ upstream, durationMs, errorType: success ? undefined : (errorType ?? '_OTHER') })
      }
    case 'start':
      return (call) => {
        if (!call.failed) recorder.phase('running')
      }
    case 'stop':
      return () => {}
    default:
      return (call) => {
        if (call.failed && !isAttempt) return
        const facts = readCall(target, name, call, dropped)
        if (call.failed) {
          const known = ofFailedCall(target, call, dropped)
          if (known !== null) recorder.record(target.records, facts, known)
          return
        }
        const result = readResult(target, call)
        if (target.result !== undefined) {
          // An extractor that gives nothing says that there is nothing to record.
          if (result === undefined || result === null) return
          const form = Array.isArray(result) ? 'a list' : typeof result
          if (form !== 'object') return dropped(`an object was expected of an extractor, which gave ${form}`)
        }
        recorder.record(target.records, facts, result)
      }
  }
}

/**
 * What is known of a call that failed besides that: its arguments may say of what it was. `null`: there is nothing to record. An extractor
 * that cannot do without a result leaves it at the failure.
 */
function ofFailedCall({ result }: Reading, { args }: WatchedCall, dropped: (why: string) => void): object | null | undefined {
  if (typeof result !== 'function') return undefined
  try {
    const known: unknown = result(undefined, args)
    if (known === null) return null
    return typeof known === 'object' ? { ...known, success: false } : undefined
  } catch (error) {
    dropped(`${error instanceof Error ? error.message : 'an extractor threw'}, of a call that failed`)
    return undefined
  }
}
