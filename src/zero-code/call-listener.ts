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
        const result = call.failed ? undefined : readResult(target, call)
        // An extractor that gives nothing says that there is nothing to record.
        if (!call.failed && target.result !== undefined && (result === undefined || result === null)) return
        recorder.record(target.records, facts, result)
      }
  }
}
