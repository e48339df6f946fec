/** The rules of every service, whatever its kind. That it is silent nobody in it could judge: see src/wire/scripts/silence.ts. */
import {
  DEPENDENCY,
  DEPENDENCY_DOWN,
  DRAIN_STUCK,
  HEALTH_DEPENDENCY_STATUS,
  HEALTH_DRAINING_TIME,
  HEALTH_RESTARTS,
  HEALTH_STATE,
  RESTART_LOOP,
  SERVICE_SILENT,
} from '../catalogue.ts'
import type { Limits } from './limits.ts'
import { Metric } from './metric-ref.ts'
import { level, Reading } from './readings.ts'
import type { RuleSentence } from './rule.ts'
import { rule } from './rule.ts'

const FAILS = 'its check fails'

export const everyServiceRules = ({ drainLimit = 600 }: Pick<Limits, 'drainLimit'>): readonly RuleSentence[] => [
  rule(RESTART_LOOP)
    .when(level(new Metric(HEALTH_RESTARTS), { called: 'restarts' }))
    .above(2)
    .critical(4)
    .for(0)
    .keepFiring(120)
    .scope('shared')
    .says('Restarts after a crash within 15 min: {current} (limit {limit})')
    .summary(
      'More than 2 times (WARNING) or 4 times (CRITICAL) in 15 minutes a process took the place of one that had ended unasked, without saying that it stops.',
    ),
  rule(DRAIN_STUCK)
    .when(level(new Metric(HEALTH_DRAINING_TIME)))
    .above(drainLimit)
    .for(0)
    .keepFiring(0)
    .says('It was asked to end {current} ago and still runs (limit {limit})')
    .summary('A process that was asked to end, by a signal or because it says that it is draining, still runs after HEALTH_DRAIN_LIMIT.'),
  rule(DEPENDENCY_DOWN)
    .when(
      new Reading({
        reading: 'state',
        of: { metric: HEALTH_DEPENDENCY_STATUS.name, definition: HEALTH_DEPENDENCY_STATUS },
        attribute: HEALTH_STATE,
        messages: { healthy: 'its check does not fail any more', degraded: FAILS, unhealthy: `${FAILS}, which is critical` },
        severities: { unhealthy: 'CRITICAL' },
      }),
    )
    .isNot('healthy')
    .as('WARNING')
    .by(DEPENDENCY)
    .for(0)
    .keepFiring(60)
    .summary('A required check has failed twice in a row: WARNING, or CRITICAL if the check is critical. One alert for each check.'),
]

/** Of all rules that any service has. */
export const EVERY_SERVICE_RULE_NAMES: readonly string[] = [SERVICE_SILENT, ...everyServiceRules({}).map(({ data }) => data.name)]
