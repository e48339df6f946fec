/** All dashboards, made of the catalogue and of the profiles with the limits that are in force. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

import type { Limits, RuleOverrides } from '../services/limits.ts'
import type { ServiceKind } from '../services/profile.ts'
import { trackerFetcher } from '../services/tracker-fetcher-metrics.ts'
import { worker } from '../services/worker-metrics.ts'
import type { RuleLimits } from '../types.ts'
import type { DashboardSpec } from './dashboard.ts'
import { toDashboard } from './dashboard.ts'
import { fleetDashboard } from './fleet-dashboard.ts'
import type { HeartbeatTiming } from './heartbeat.ts'
import { pipelineDashboard } from './pipeline-dashboard.ts'
import type { ServiceDashboard } from './service-dashboard.ts'
import { serviceDashboard } from './service-dashboard.ts'
import { trackerFetcherRows } from './tracker-fetcher-rows.ts'
import { workerRows } from './worker-rows.ts'

export interface GenerateOptions extends HeartbeatTiming {
  readonly limits: Limits
  readonly rules: RuleOverrides
}

/** By file name. */
export function dashboards(options: GenerateOptions): Readonly<Record<string, Dashboard>> {
  const services = serviceDashboards(options)
  const specs: readonly DashboardSpec[] = [
    fleetDashboard(options, services),
    ...services.map((service) => serviceDashboard(service, options)),
    pipelineDashboard(options),
  ]
  return Object.fromEntries(
    specs.map((spec) => [
      `${spec.uid}.json`,
      toDashboard(
        spec,
        specs.filter((other) => other !== spec),
      ),
    ]),
  )
}

function serviceDashboards(options: GenerateOptions): readonly ServiceDashboard[] {
  return [
    {
      uid: 'otel-health-tracker-fetcher',
      title: 'otel-health: tracker fetcher',
      description: 'A tracker fetcher: how it stands, what it fetches, its queues, Apple and anisette.',
      rule: 'low_fetch_rate',
      rows: trackerFetcherRows(limitsOf(trackerFetcher, options), options),
    },
    {
      uid: 'otel-health-worker',
      title: 'otel-health: worker',
      description: 'Any worker: how it stands, what it does, its queues and upstreams.',
      rule: 'low_work_rate',
      rows: workerRows(limitsOf(worker, options), options),
    },
  ]
}

function limitsOf(kind: ServiceKind, { limits, rules }: GenerateOptions): (rule: string) => RuleLimits | undefined {
  const profile = kind.profile(limits, rules)
  return (name) => profile.rules.find((rule) => rule.name === name)?.limits
}
