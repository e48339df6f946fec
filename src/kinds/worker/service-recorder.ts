/** What is seen of a service that knows nothing of us, as a worker's monitor is told it. */
import type { ServiceRecorder } from '../../zero-code/service-recorder.ts'
import { commonRecorder } from '../common-recorder.ts'
import type { WorkerHealthMonitor } from './monitor.ts'
import type { WorkBatch } from './work-batch.ts'

export function workerRecorder(monitor: WorkerHealthMonitor): ServiceRecorder {
  return {
    ...commonRecorder(monitor),
    attempt: (facts) => monitor.recordAttempt(facts),
    batch(facts, result) {
      const { name, success, durationMs, errorType } = facts
      if (success === false) monitor.recordBatch({ name, attempts: [] }, durationMs, errorType ?? '_OTHER')
      else if (isBatch(result)) monitor.recordBatch({ name, ...result }, durationMs)
      // What does not say what was in it was one piece of work.
      else monitor.recordBatch({ name, attempts: [facts] }, durationMs)
    },
    apiCall: ({ errorType, ...call }) => monitor.recordApiCall({ ...call, ...(errorType !== undefined && { errorType }) }),
    queues(readings) {
      for (const [name, reading] of Object.entries(readings)) monitor.recordQueue(name, reading)
    },
  }
}

function isBatch(result: unknown): result is WorkBatch {
  return Array.isArray((result as { attempts?: unknown } | null | undefined)?.attempts)
}
