/** What an instance says of being controlled, out of its status message; older ones say nothing of it. Pure. */
import { CONTROL_ACTIONS } from '../../wire/control-request.ts'
import type { StatusMessage } from '../../wire/status-message.ts'
import type { ControlOfInstance } from '../control-protocol.ts'

/** `undefined`: it says nothing of it. */
export function controlOfInstance(status: StatusMessage): ControlOfInstance | undefined {
  const { control = [], work_in_hand: inHand, drain_limit_seconds: drainLimitSeconds, supervised, metrics } = status
  const p99 = metrics['attempt_p99_ms']
  const told = {
    ...(control.length > 0 && { allows: CONTROL_ACTIONS.filter((action) => control.includes(action)) }),
    ...(inHand && { inHand: { count: inHand.count, oldestSeconds: inHand.oldest_seconds } }),
    ...(drainLimitSeconds !== undefined && { drainLimitSeconds }),
    ...(typeof p99 === 'number' && { workP99Seconds: p99 / 1000 }),
    ...(supervised && { supervised }),
  }
  return Object.keys(told).length > 0 ? told : undefined
}
