import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Severity } from '../../src/types.ts'
import type { FaultName, FaultSettings } from '../simulators/faults.ts'
import type { ExpectedAlert } from './told-alerts.ts'

/** Something that is done to the system; `atMs` milliseconds after the day began. */
export type Step = { readonly atMs: number } & (
  | { readonly fault: FaultName; readonly settings: FaultSettings }
  | { readonly end: FaultName }
  /** So many trackers that are not of the fleet are put into `immediate`. */
  | { readonly refresh: number }
  /** All but so many are taken out of `immediate` again. */
  | { readonly withdrawTo: number }
  /** The operator enters the second-factor code of every account that wants one. */
  | { readonly codes: 'all' }
)

export interface Timeline<AnyStep = Step> {
  readonly environment: Readonly<Record<string, string>>
  /** In order of time. */
  readonly steps: readonly AnyStep[]
  readonly expected: readonly ExpectedAlert[]
}

/** As the file has it: `at` is a time of day. */
export type WrittenStep = { readonly at: string } & Readonly<Record<string, unknown>>

export interface Document {
  readonly environment: Readonly<Record<string, string>>
  readonly events: readonly { readonly does: readonly WrittenStep[]; readonly expect: readonly Episode[] }[]
}

interface Episode {
  readonly service?: string
  readonly rule: string
  readonly of?: string
  /** When it fired. */
  readonly severity: Severity
  readonly fired: string
  readonly escalated?: string
  readonly deescalated?: string
  readonly resolved: string
  /** How far off these times may be, if that is more than one evaluation. */
  readonly within_s?: number
}

export function readTimeline(file: string | URL): Timeline {
  return timelineOf(parse(readFileSync(file, 'utf8')) as Document, readStep)
}

export function timelineOf<AnyStep extends { readonly atMs: number }>(
  { environment, events }: Document,
  stepOf: (written: WrittenStep) => AnyStep,
): Timeline<AnyStep> {
  return {
    environment,
    steps: events.flatMap(({ does }) => does.map(stepOf)).toSorted((a, b) => a.atMs - b.atMs),
    expected: events.flatMap(({ expect }) => expect.flatMap(transitions)).toSorted((a, b) => a.atMs - b.atMs),
  }
}

function readStep({ at, fault, end, refresh, withdraw_to, codes, ...settings }: WrittenStep): Step {
  const atMs = timeOfDay(at)
  if (typeof fault === 'string') return { atMs, fault: fault as FaultName, settings }
  if (typeof end === 'string') return { atMs, end: end as FaultName }
  if (typeof refresh === 'number') return { atMs, refresh }
  if (typeof withdraw_to === 'number') return { atMs, withdrawTo: withdraw_to }
  if (codes === 'all') return { atMs, codes }
  throw new Error(`What is done at ${at} is none of fault, end, refresh, withdraw_to and codes.`)
}

/** The messages of one episode of an alert. */
function transitions({ severity, fired, escalated, deescalated, resolved, within_s, ...identity }: Episode): readonly ExpectedAlert[] {
  const alert = { ...identity, ...(within_s !== undefined && { withinMs: 1_000 * within_s }) }
  const last = deescalated ? 'WARNING' : escalated ? 'CRITICAL' : severity
  return [
    { ...alert, atMs: timeOfDay(fired), type: 'fired', severity },
    ...(escalated ? [{ ...alert, atMs: timeOfDay(escalated), type: 'escalated', severity: 'CRITICAL' } as const] : []),
    ...(deescalated ? [{ ...alert, atMs: timeOfDay(deescalated), type: 'deescalated', severity: 'WARNING' } as const] : []),
    { ...alert, atMs: timeOfDay(resolved), type: 'resolved', severity: last },
  ]
}

/** Milliseconds since midnight of `hh:mm:ss`. */
export function timeOfDay(text: string): number {
  const match = /^(\d\d):(\d\d):(\d\d)$/.exec(text)
  if (!match) throw new Error(`${JSON.stringify(text)} is no time of day such as "08:30:20".`)
  const [, hours, minutes, seconds] = match.map(Number)
  return ((hours! * 60 + minutes!) * 60 + seconds!) * 1000
}

/** `hh:mm:ss`, rounded down. */
export function clockTime(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => String(Math.floor(part)).padStart(2, '0')).join(':')
}
