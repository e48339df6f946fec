/** Any service that works: a fetcher, a job processor, a queue consumer. */
import type { Kind } from '../kind.ts'
import { workerJudging } from './judging.ts'
import { kindOfWorker } from './kind-of-worker.ts'
import { WorkerHealthMonitor } from './monitor.ts'

export const worker: Kind = kindOfWorker({
  judging: workerJudging,
  title: 'worker',
  about: 'For any fetcher, job processor or queue consumer. A rule about what a service has not (queues, upstreams) says nothing.',
  isDefault: true,
  monitor: (options) => new WorkerHealthMonitor(options),
  dashboard: {
    description: 'Any worker: how it stands, what it does, its queues and upstreams.',
    rule: 'low_work_rate',
    rows: async () => (await import('./dashboard.ts')).workerRows,
  },
})
