/** The calls of one target of health.config, said to the recorder as what they mean. */
import type { Reading } from '../config/targets.ts'
import type { CallListener } from '../instrument/watch-function.ts'
import type { WatchedCall } from './call-reading.ts'
import { readCall, readResult } from './call-reading.ts'
import type { ServiceRecorder } from './service-recorder.ts'

/** `name`: of the work. What an extractor throws is counted, and said the first time. */
export function callListener(recorder: ServiceRecorder, target: Reading, name: string): CallListener {
  const tell = teller(recorder, target, name)
  return {
    ...(target.records === 'stop' && { onBegin: () => recorder.phase('draining') }),
    onCall(call) {
      try {
        tell(call)
      } catch (error) {
        recorder.dropped(`what ${name} returned (an extractor failed: ${error instanceof Error ? error.message : 'it threw'})`)
      }
    },
  }
}

function teller(recorder: ServiceRecorder, target: Reading, name: string): (call: WatchedCall) => void {
  const { records, upstream = 'apple' } = target
  switch (records) {
    case 'attempt':
      return (call) => recorder.attempt(name, readCall(target, call))
    case 'batch':
      return (call) => {
        const facts = readCall(target, call)
        recorder.batch(name, facts, facts.success ? readResult(target, call) : undefined)
      }
    case 'api_call':
      return (call) => {
        const { durationMs, errorType } = readCall(target, call)
        recorder.apiCall({ upstream, durationMs, errorType })
      }
    case 'account':
      return (call) => {
        if (!call.failed) recorder.account(readResult(target, call))
      }
    case 'start':
      return (call) => {
        if (!call.failed) recorder.phase('running')
      }
    case 'stop':
      return () => {}
  }
}
