/** Any service that works: a fetcher, a job processor, a queue consumer. */
import type { Kind } from '../kind.ts'
import { ruleNamesOf } from '../rule-names.ts'
import { workerJudging } from './judging.ts'
import { WORK_ATTEMPTS, WORK_OUTCOME, WORK_QUEUE_NAME, WORK_QUEUE_SIZE, WORK_QUEUE_STATE } from './metrics.ts'
import { WorkerHealthMonitor } from './monitor.ts'
import { workerRecorder } from './service-recorder.ts'

export const worker: Kind = {
  ...workerJudging,
  ruleNames: ruleNamesOf(workerJudging),
  title: 'worker',
  about: 'For any fetcher, job processor or queue consumer. A rule about what a service has not (queues, upstreams) says nothing.',
  isDefault: true,
  config: { keys: {} },
  monitor(options) {
    const monitor = new WorkerHealthMonitor(options)
    return { monitor, recorder: workerRecorder(monitor) }
  },
  dashboard: {
    description: 'Any worker: how it stands, what it does, its queues and upstreams.',
    rule: 'low_work_rate',
    fleet: {
      attempts: WORK_ATTEMPTS,
      succeeded: { [WORK_OUTCOME]: 'ok' },
      due: { metric: WORK_QUEUE_SIZE, where: { [WORK_QUEUE_STATE]: 'due' }, by: WORK_QUEUE_NAME },
    },
    rows: async () => (await import('./dashboard.ts')).workerRows,
  },
}
