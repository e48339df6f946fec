/** What to try: one key per fault, and how long it takes until the health channels say so with the rules at their defaults. */
import type { FaultName, FaultSettings } from '../simulators/faults.ts'

export interface FaultKey {
  readonly key: string
  readonly fault: FaultName
  readonly settings: FaultSettings
  readonly title: string
  /** What it leads to, and when. */
  readonly seen: string
}

export const FAULT_KEYS: readonly FaultKey[] = [
  { key: '1', fault: 'anisette.down', settings: {}, title: 'anisette is down', seen: 'CRITICAL within 20 s' },
  { key: '2', fault: 'http.500', settings: { probability: 0.35 }, title: 'a third of calls fail', seen: 'WARNING in about 2 min' },
  { key: '3', fault: 'http.500', settings: { probability: 1 }, title: 'every call fails', seen: 'CRITICAL in about 1 min' },
  { key: '4', fault: 'slow', settings: {}, title: 'Apple takes 12 s', seen: 'WARNING in about 2 min' },
  { key: '5', fault: 'auth.2fa', settings: {}, title: 'Apple wants a code', seen: 'CRITICAL in a few seconds' },
]

/** A fault that is on, as the control server lists it. */
export interface ActiveFault {
  readonly name: string
  readonly settings: FaultSettings
  /** Epoch milliseconds. */
  readonly since: number
}

export function isOn({ fault, settings }: FaultKey, active: readonly ActiveFault[]): ActiveFault | undefined {
  return active.find(({ name, settings: { probability } }) => name === fault && probability === settings.probability)
}
