/**
 * The four figures of any service, found by how figures are called in status messages: no kind of service is named here. Over several
 * instances rates add up, of success the worst and of durations the highest is shown, and queues, which all of them see, are as the
 * newest message says. Pure.
 */
import { seenWork } from '../../subscribe/work-seen.ts'
import { cleanText } from '../../wire/clean-text.ts'
import { isFields } from '../../wire/fields.ts'
import type { StatusMessage } from '../../wire/status-message.ts'
import type { KeyFigure, KeyFigures } from '../protocol.ts'

/** What of a status message the figures are made of. */
export type Figured = Pick<StatusMessage, 'metrics' | 'unknown' | 'working'>

/** How a figure is called, the name that says it best first. */
const NAMES: Readonly<Record<KeyFigure, readonly RegExp[]>> = {
  rate: [/^[^.]*_rate_per_hour$/, /^[^.]*_per_hour$/],
  success: [/^success_rate_percent$/, /^[^.]*(?:success|delivery)_rate_percent$/],
  p95: [/^[^.]*percentiles_ms$/, /^[^.]*_p95_ms$/],
  due: [/^total_queue_size$/, /^[^.]*queue_size$/, /^queue_sizes$/],
}

const FIGURES = Object.keys(NAMES) as KeyFigure[]
const LONGEST_WHY = 200

export interface FoundFigures {
  readonly figures: KeyFigures
  /** Why a figure is `null`: half a sentence. */
  readonly unknown: Readonly<Partial<Record<KeyFigure, string>>>
}

/** `messages`: of the live instances, the newest first. */
export function keyFigures(messages: readonly Figured[]): FoundFigures {
  const found = Object.fromEntries(FIGURES.map((figure) => [figure, figureOf(figure, messages)])) as unknown as KeyFigures
  const unknown = FIGURES.flatMap((figure) => (found[figure] === null ? [[figure, whyUnknown(figure, messages)] as const] : []))
  return { figures: found, unknown: Object.fromEntries(unknown) }
}

/** Names of metrics that say the figure, the best first, of those that are there. */
export function namesOf(figure: KeyFigure, names: readonly string[]): readonly string[] {
  return [...new Set(NAMES[figure].flatMap((pattern) => names.filter((name) => pattern.test(name))))]
}

function figureOf(figure: KeyFigure, messages: readonly Figured[]): number | null {
  for (const name of candidates(figure, messages)) {
    const values = messages.flatMap(({ metrics }) => valueOf(figure, name, metrics[name]) ?? [])
    if (values.length > 0) return folded(figure, values)
    // A rate that is not known now is not another one that is.
    if (figure !== 'p95') return null
  }
  return null
}

function candidates(figure: KeyFigure, messages: readonly Figured[]): readonly string[] {
  return namesOf(figure, [...new Set(messages.flatMap(({ metrics }) => Object.keys(metrics)))])
}

function folded(figure: KeyFigure, values: readonly number[]): number {
  if (figure === 'rate') return values.reduce((sum, value) => sum + value, 0)
  if (figure === 'success') return Math.min(...values)
  if (figure === 'p95') return Math.max(...values)
  return values[0]!
}

/** Of one instance; `undefined`: not known. A figure that is several is folded as it is over instances. */
function valueOf(figure: KeyFigure, name: string, value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (!isFields(value)) return undefined
  if (name.endsWith('percentiles_ms')) return valueOf(figure, '', value['p95'])
  const parts = Object.values(value).filter((part): part is number => typeof part === 'number' && Number.isFinite(part))
  if (parts.length === 0) return undefined
  return figure === 'due' ? parts.reduce((sum, part) => sum + part, 0) : folded(figure, parts)
}

function whyUnknown(figure: KeyFigure, messages: readonly Figured[]): string {
  if (messages.length === 0) return 'no instance is there to say it'
  const [name] = candidates(figure, messages)
  if (name === undefined) return 'the service has no such figure'
  const said = messages.map(({ unknown }) => unknown?.[name]).find((why) => why !== undefined && why !== '')
  const unseen = figure === 'due' ? undefined : seenWork(messages).why
  return cleanText(said ?? unseen ?? 'the service does not say why').slice(0, LONGEST_WHY)
}
