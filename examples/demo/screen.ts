/** The view as lines of a terminal. Pure: size and time are arguments. */
import { FAULT_KEYS } from './fault-keys.ts'
import { column, wrap, type Line, type Piece } from './line.ts'
import { GUTTER, keyLine, messageLines, runsInFull, runsInShort, section, shortTry, sinceWhen, titleLine, tryLines } from './sections.ts'
import type { ScreenFacts, ScreenSize } from './sections.ts'
import { toneOfSeverity, toneOfStatus } from './shown.ts'
import type { View } from './view.ts'
import { duration } from './wording.ts'

const TITLE = 'a tracker fetcher on its health channels'
const TRY_COLUMNS = { name: 17, title: 24 }
const ROOMY_ROWS = 34
const FULL_ROWS = 22
const WIDE_COLUMNS = 110
const LEAST_MESSAGES = 2
/** Longer lines are hard to read. */
const WIDEST = 180

/** At most `rows` lines. */
export function screenLines(view: View, size: ScreenSize, facts: ScreenFacts): readonly Line[] {
  const columns = Math.min(size.columns, WIDEST)
  const width = Math.max(20, columns - GUTTER - 1)
  const wide = columns >= WIDE_COLUMNS
  const roomy = size.rows >= ROOMY_ROWS
  const gap: readonly Line[] = roomy ? [[]] : []
  const runs = size.rows >= FULL_ROWS ? section('Runs', roomy ? runsInFull(view, facts.now) : runsInShort(view, width, facts.now)) : []
  const top = [titleLine(TITLE, facts, columns), ...gap, ...runs, ...gap, ...section('Status', statusLines(view, facts.now)), ...gap]
  const metrics = [...section('Metrics', metricLines(view, facts.now, wide)), ...gap]
  const tries = [...gap, ...section('Try', size.rows >= FULL_ROWS ? triesInFull(view, facts, wide) : [shortTry(FAULT_KEYS, facts)])]

  const left = size.rows - top.length - metrics.length - tries.length - gap.length
  const alerts = section('Alerts', alertLines(view, facts.now, width).slice(0, Math.max(1, left - LEAST_MESSAGES)))
  const messages = section('Messages', messageLines(view.feed, Math.max(0, left - alerts.length)))
  return [...top, ...metrics, ...alerts, ...gap, ...messages, ...tries].slice(0, size.rows)
}

function triesInFull(view: View, facts: ScreenFacts, wide: boolean): readonly Line[] {
  return [...tryLines(FAULT_KEYS, view, facts, wide, TRY_COLUMNS), keyLine(facts)]
}

function statusLines({ status: heard, service, stopping, limits }: View, now: number): readonly Line[] {
  if (!heard) return [[[`waiting for the first status of ${service}`, 'dim']]]
  const { status, phase, since, beat, heardAt } = heard
  const silent = now - heardAt > 2000 * limits.publishingInterval + 1000
  const reasons = otherReasons(heard)
  const beats: Piece = stopping
    ? ['stopping', 'warning']
    : silent
      ? [`silent for ${duration(now - heardAt)}`, 'warning']
      : [`beat ${beat}`, 'dim']
  return [
    [
      [status.toUpperCase(), toneOfStatus(status)],
      [sinceWhen(since, now)],
      [`  ${service}, ${phase === 'running' ? '' : `${phase}, `}`, 'dim'],
      beats,
    ],
    ...(reasons.length > 0 ? [[[reasons.join('; '), 'warning']] satisfies Line] : []),
  ]
}

/** Why it is so, besides the alerts that are shown anyway. */
function otherReasons({ reasons, alerts }: NonNullable<View['status']>): readonly string[] {
  return reasons.filter((reason) => !alerts.some(({ rule }) => reason.startsWith(`${rule}: `)))
}

function metricLines(view: View, now: number, wide: boolean): readonly Line[] {
  return view.metricRows(now).map(({ name, value, fullValue, limit, fullLimit, known, good }) => {
    const style = known ? (good ? 'good' : 'bad') : 'dim'
    const shown = wide ? fullValue : value
    return [[name.padEnd(17)], ...column([[shown, style]], wide ? 54 : 39), [wide ? fullLimit : limit, 'dim']]
  })
}

function alertLines(view: View, now: number, width: number): readonly Line[] {
  const alerts = view.openAlerts()
  if (alerts.length === 0) return [[['none open', view.status ? 'good' : 'dim']]]
  return alerts.flatMap(({ rule, severity, state, since, message }): Line[] => {
    const tone = state === 'pending' ? 'dim' : toneOfSeverity(severity)
    const head: Line = [
      [`${severity} ${rule}`, tone],
      [`  ${state}${sinceWhen(since, now)}`, 'dim'],
    ]
    return [head, ...wrap(message, width - 2, 2).map((text): Line => [[`  ${text}`]])]
  })
}
