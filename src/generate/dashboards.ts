/** All dashboards, made of the catalogue and of the profiles with the limits that are in force. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

import type { Limits, RuleOverrides } from '../kinds/limits.ts'
import type { ServiceKind } from '../kinds/kind.ts'
import { trackerFetcher } from '../kinds/tracker-fetcher/figures.ts'
import { worker } from '../kinds/worker/figures.ts'
import type { RuleLimits } from '../types.ts'
import type { DashboardSpec } from './dashboard.ts'
import { toDashboard } from './dashboard.ts'
import { fleetDashboard } from './fleet-dashboard.ts'
import type { HeartbeatTiming } from '../panels/heartbeat.ts'
import { pipelineDashboard } from './pipeline-dashboard.ts'
import type { ServiceDashboard } from './service-dashboard.ts'
import { serviceDashboard } from './service-dashboard.ts'
import { trackerFetcherRows } from '../kinds/tracker-fetcher/dashboard.ts'
import { workerRows } from '../kinds/worker/dashboard.ts'

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
