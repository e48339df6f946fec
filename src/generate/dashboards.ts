/** All dashboards, made of the kinds of service with the limits that are in force. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

import type { Kind } from '../kinds/kind.ts'
import { ownRulesRow } from '../panels/own-rules.ts'
import type { OwnRules } from '../rules/rules-config.ts'
import { profileOf } from '../rules/service-kind.ts'
import type { RuleLimits } from '../types.ts'
import type { DashboardSpec } from './dashboard.ts'
import { toDashboard } from './dashboard.ts'
import { fleetDashboard } from './fleet-dashboard.ts'
import { kindsOf } from './kinds-of.ts'
import type { GenerateOptions } from './options.ts'
import { ownRules } from './own-rules.ts'
import { pipelineDashboard } from './pipeline-dashboard.ts'
import type { ServiceDashboard } from './service-dashboard.ts'
import { serviceDashboard } from './service-dashboard.ts'

/** By file name. Rejects with one sentence if a rule cannot be judged. */
export async function dashboards(options: GenerateOptions): Promise<Readonly<Record<string, Dashboard>>> {
  const kinds = kindsOf(options)
  const services = await Promise.all(kinds.map(async (kind) => await ofKind(kind, options)))
  const specs: readonly DashboardSpec[] = [
    fleetDashboard(options, services, kinds),
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

async function ofKind(kind: Kind, options: GenerateOptions): Promise<ServiceDashboard> {
  const { name, title, dashboard } = kind
  const isHere = name === options.kind.name
  const rowsOf = await dashboard.rows()
  const own = isHere ? ownRules(options) : []
  return {
    uid: `otel-health-${name.replaceAll('_', '-')}`,
    title: `otel-health: ${title}`,
    description: dashboard.description,
    rule: dashboard.rule,
    rows: [...rowsOf(limitsOf(kind, isHere, options), options), ...(own.length > 0 ? [ownRulesRow(own, options)] : [])],
  }
}

function limitsOf(kind: Kind, isHere: boolean, { limits, rules, metrics }: GenerateOptions): (rule: string) => RuleLimits | undefined {
  const profile = isHere ? profileOf(kind, limits, rules, metrics) : profileOf(kind, limits, limitsOfOthers(kind, rules))
  return (name) => profile.rules.find((rule) => rule.name === name)?.limits
}

/** Of rules that are called alike in other kinds the limits: which series they are about is said of this kind. */
function limitsOfOthers({ ruleNames }: Kind, { overrides }: OwnRules): OwnRules {
  const named = Object.entries(overrides).filter(([name]) => ruleNames.includes(name))
  return {
    overrides: Object.fromEntries(
      named.map(([name, override]) => {
        if (override === false) return [name, override]
        const { where: _, ...limits } = override
        return [name, limits]
      }),
    ),
    own: [],
  }
}
