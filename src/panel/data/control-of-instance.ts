/** What an instance says of being controlled, out of its status message; older ones say nothing of it. Pure. */
import { cleanText } from '../../wire/clean-text.ts'
import { CONTROL_ACTIONS } from '../../wire/control-request.ts'
import type { StatusMessage } from '../../wire/status-message.ts'
import type { ControlOfInstance } from '../control-protocol.ts'

/** How kinds of services call how long one of a hundred pieces of their work takes. */
const P99_OF_WORK = ['attempt_p99_ms', 'batch_p99_ms']

/** `undefined`: it says nothing of it. */
export function controlOfInstance(status: StatusMessage): ControlOfInstance | undefined {
  const {
    control = [],
    work_in_hand: inHand,
    drain_limit_seconds: drainLimitSeconds,
    supervised,
    paused_in_part: pausedInPart,
    interrupted,
    metrics,
  } = status
  const p99 = P99_OF_WORK.map((name) => metrics[name]).find((value) => typeof value === 'number')
  const told = {
    ...(control.length > 0 && { allows: CONTROL_ACTIONS.filter((action) => control.includes(action)) }),
    ...(inHand && { inHand: { count: inHand.count, oldestSeconds: inHand.oldest_seconds } }),
    ...(drainLimitSeconds !== undefined && { drainLimitSeconds }),
    ...(p99 !== undefined && { workP99Seconds: p99 / 1000 }),
    ...(supervised && { supervised }),
    ...(pausedInPart && { pausedInPart }),
    ...(interrupted && {
      interrupted: interrupted.map(({ queue, job, times }) => ({ queue: cleanText(queue), job: cleanText(job), times })),
    }),
  }
  return Object.keys(told).length > 0 ? told : undefined
}
