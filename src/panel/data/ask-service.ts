/** What people ask a service to do, by the same command as that of the command line. */
import { ControlError } from '../../control/control-error.ts'
import type { HealthControl } from '../../control/health-control.ts'
import type { ControlAction } from '../control-protocol.ts'
import type { Actor } from '../panel-data.ts'
import type { ActionAnswer, ActionRequest } from '../protocol.ts'

/** What nothing is left running after may be meant, and must be said. */
const ENDING: ReadonlySet<ControlAction> = new Set(['stop', 'drain'])

/**
 * `nameNeededFor`: of which instances (`null`: of all) nothing is left running after a stop or drain. Rejects with a ControlError if it cannot
 * be asked; what becomes of it is seen later.
 */
export async function askService(
  control: Pick<HealthControl, 'request'>,
  action: ControlAction,
  { service, instance, name, why, forMs }: ActionRequest,
  actor: Actor,
  nameNeededFor: readonly (string | null)[],
): Promise<ActionAnswer> {
  if (service === undefined) throw new ControlError('asked', 'There is no service, expected the name of one.')
  if (ENDING.has(action) && nameNeededFor.includes(instance ?? null) && name !== service)
    throw new ControlError('asked', `Nothing of ${service} is left running then: type its name to say that this is meant.`)
  const target = { service, ...(instance !== undefined && { instance }) }
  const { request } = await control.request(action, target, { ...actor, why, ...(forMs !== undefined && { forMs }) })
  return { done: [request.id], refused: [] }
}
