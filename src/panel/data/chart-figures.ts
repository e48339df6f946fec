/** Which figures get a chart, what they are called and measured in, and how they are drawn for several instances. Pure. */
import type { KeyFigure } from '../protocol.ts'
import { namesOf } from './key-figures.ts'

const KEY: readonly KeyFigure[] = ['rate', 'success', 'p95', 'due']
/** Charts of one service. */
const MOST_CHARTS = 12

/** `names`: as in the history, of several `queue_sizes.hot`. The key metrics first, then queues, then the others in their order. */
export function chartFigures(names: readonly string[], most = MOST_CHARTS): readonly string[] {
  const key = KEY.flatMap((figure) => figureNames(figure, names))
  const others = names.filter((name) => !isPercentile(name))
  return [...new Set([...key, ...others])].slice(0, most)
}

/** Names of the figure among them, the best first. */
export function figureNames(figure: KeyFigure, names: readonly string[]): readonly string[] {
  const heads = namesOf(figure, [...new Set(names.map(head))])
  return heads.flatMap((first) => names.filter((name) => head(name) === first && isShown(figure, name)))
}

/** Whose instances are added up. */
export function isAddedUp(name: string): boolean {
  return head(name).endsWith('_per_hour')
}

/** What all instances see alike: one line is enough. */
export function isShared(name: string): boolean {
  return /^(?:.*queue_size|queue_sizes|paused_queues|oldest_age_seconds)$/.test(head(name))
}

/** As people write it; empty where it is a plain number. */
export function unitOf(name: string): string {
  const [, unit = ''] = UNIT.exec(head(name)) ?? UNIT.exec(name) ?? []
  return UNITS[unit] ?? ''
}

const UNIT = /_(per_hour|percent|ms|seconds|bytes)$/
const UNITS: Readonly<Record<string, string>> = { per_hour: '/h', percent: '%', ms: 'ms', seconds: 's', bytes: 'bytes' }

function head(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? name : name.slice(0, dot)
}

/** Of percentiles the 95th. */
function isShown(figure: KeyFigure, name: string): boolean {
  return figure !== 'p95' || !isPercentile(name) || name.endsWith('.p95')
}

function isPercentile(name: string): boolean {
  return head(name).endsWith('percentiles_ms')
}
