/** What a service may say of itself; `stopped` is what a monitor's `stop` makes of it. */
import type { Phase } from '../types.ts'

export type ServicePhase = Exclude<Phase, 'stopped'>
export const PHASES: readonly Phase[] = ['starting', 'running', 'paused', 'draining'] satisfies ServicePhase[]
