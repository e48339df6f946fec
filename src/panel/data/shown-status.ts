/** How a service is, with what it was told to do: one that takes on no work is neither well nor ill by that. Pure. */
import type { ServiceStatus } from '../../subscribe/service-status.ts'
import type { StatusMessage } from '../../wire/status-message.ts'
import type { ShownStatus } from '../protocol.ts'

/** `messages`: of its live instances. What is wrong with it is shown before that it is paused. */
export function shownStatus(folded: ServiceStatus['status'], messages: readonly StatusMessage[]): ShownStatus {
  if (folded !== 'healthy') return folded
  const phases = new Set(messages.map(({ phase }) => phase))
  phases.delete('stopped')
  const takesOnNothing = phases.size > 0 && [...phases].every((phase) => phase === 'paused' || phase === 'draining')
  if (!takesOnNothing) return folded
  return phases.has('draining') ? 'draining' : 'paused'
}
