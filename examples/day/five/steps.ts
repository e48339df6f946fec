import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { FaultName, FaultSettings } from '../../simulators/faults.ts'
import { timelineOf, timeOfDay, type Document, type Timeline, type WrittenStep } from '../timeline.ts'
import type { Reading } from './archive.ts'

/** Something that is done to the five services; `atMs` milliseconds after the day began. */
export type Step = { readonly atMs: number } & (
  | { readonly fault: FaultName; readonly settings: FaultSettings }
  | { readonly end: FaultName }
  /** So many fleets of couriers are on the road. */
  | { readonly couriers: number }
  /** The archive is read so, or not any more. */
  | { readonly archive: Reading | undefined }
  /** So many places are asked for at once. */
  | { readonly places: number }
  /** The operator enters the second-factor code of every account that wants one. */
  | { readonly codes: 'all' }
  /** Exactly these services are to be marked as depending on a tracker fetcher that is not well. */
  | { readonly marked: readonly string[] }
)

export function readTimelineOfFive(file: string | URL): Timeline<Step> {
  return timelineOf(parse(readFileSync(file, 'utf8')) as Document, readStep)
}

function readStep({ at, fault, end, couriers, archive, places, codes, marked, ...settings }: WrittenStep): Step {
  const atMs = timeOfDay(at)
  if (typeof fault === 'string') return { atMs, fault: fault as FaultName, settings }
  if (typeof end === 'string') return { atMs, end: end as FaultName }
  if (typeof couriers === 'number') return { atMs, couriers }
  if (archive !== undefined) return { atMs, archive: readArchive(archive) }
  if (typeof places === 'number') return { atMs, places }
  if (codes === 'all') return { atMs, codes }
  if (Array.isArray(marked)) return { atMs, marked: marked as readonly string[] }
  throw new Error(`What is done at ${at} is none of fault, end, couriers, archive, places, codes and marked.`)
}

function readArchive(archive: unknown): Reading | undefined {
  if (archive === 'closed') return undefined
  const { every_s, known = false } = archive as { every_s: number; known?: boolean }
  return { everyMs: every_s * 1_000, known }
}

export function inWords(step: Step): string {
  if ('fault' in step) return `${step.fault} begins ${JSON.stringify(step.settings)}`
  if ('end' in step) return `${step.end} ends`
  if ('couriers' in step) return `fleets of couriers on the road: ${step.couriers}`
  if ('archive' in step) return step.archive ? `the archive is read ${JSON.stringify(step.archive)}` : 'the archive is closed'
  if ('places' in step) return `${step.places} places are asked for at once`
  if ('codes' in step) return 'the operator enters the codes'
  return `depend on a tracker fetcher that is not well: ${step.marked.join(', ') || 'nobody'}`
}
