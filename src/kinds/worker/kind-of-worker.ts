/** A kind of service that is a worker besides: what all of them have alike is said once. */
import type { KindConfig } from '../../config/kind-config.ts'
import type { ServiceKind } from '../../rules/service-kind.ts'
import type { ServiceHealthMonitorOptions } from '../../service/monitor-options.ts'
import type { Kind, KindDashboard, KindOverview } from '../kind.ts'
import { ruleNamesOf } from '../rule-names.ts'
import { WORK_ATTEMPTS, WORK_OUTCOME, WORK_QUEUE_NAME, WORK_QUEUE_SIZE, WORK_QUEUE_STATE } from './metrics.ts'
import type { WorkerHealthMonitor } from './monitor.ts'
import { workerRecorder } from './service-recorder.ts'

export interface WorkerKind extends Pick<Kind, 'title' | 'about' | 'isDefault'> {
  readonly judging: ServiceKind
  /** Keys of health.config that only this kind has. */
  readonly keys?: KindConfig['keys']
  readonly monitor: (options: ServiceHealthMonitorOptions) => WorkerHealthMonitor
  readonly dashboard: KindDashboard
  readonly quotaUsage?: KindOverview['quotaUsage']
}

const OVERVIEW: KindOverview = {
  attempts: WORK_ATTEMPTS,
  told: { [WORK_OUTCOME]: { not: 'unknown' } },
  succeeded: { [WORK_OUTCOME]: 'ok' },
  due: { metric: WORK_QUEUE_SIZE, where: { [WORK_QUEUE_STATE]: 'due' }, by: WORK_QUEUE_NAME },
}

/** `Own`: those keys, for whoever writes health.config with types. */
export function kindOfWorker<Own extends object = object>(kind: WorkerKind): Kind<Own> {
  const { judging, keys = {}, monitor: made, dashboard, quotaUsage, title, about, isDefault } = kind
  return {
    ...judging,
    ruleNames: ruleNamesOf(judging),
    title,
    about,
    ...(isDefault && { isDefault }),
    config: { keys, ...(judging.records && { records: judging.records }) },
    monitor(options) {
      const monitor = made(options)
      return { monitor, recorder: workerRecorder(monitor) }
    },
    overview: { ...OVERVIEW, ...(quotaUsage && { quotaUsage }) },
    dashboard,
  }
}
