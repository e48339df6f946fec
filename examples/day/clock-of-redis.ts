/**
 * By the clock of Redis the day lasts a minute: what it holds for 20 s it would hold for eight hours, and what comes and goes by day does so all
 * at once.
 */
import type { HealthConfig } from '../../src/config/health-config.ts'
import { KINDS } from '../../src/kinds/index.ts'
import type { TransitionType } from '../../src/types.ts'

/** Rules that other alerts explain. */
const EXPLAINED = ['low_success_rate', 'low_fetch_rate', 'low_work_rate', 'low_delivery_rate', 'no_events']

/** Nothing explains an alert, so that none is held. The services have no rules of their own. */
export function unexplained<T extends HealthConfig>(config: T): T {
  const { ruleNames } = KINDS.find(({ name }) => name === config.profile)!
  const explained = EXPLAINED.filter((name) => ruleNames.includes(name))
  return { ...config, rules: Object.fromEntries(explained.map((name) => [name, { inhibitedBy: [] }])) }
}

/** Whether a message is about what has come and gone within an hour. */
export function isOfAnHour(type: TransitionType): boolean {
  return type === 'flapping_started' || type === 'flapping_ended'
}
