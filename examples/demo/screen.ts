/** The view as lines of a terminal. Pure: size and time are arguments. */
import { FAULT_KEYS, isOn } from './fault-keys.ts'
import type { FeedEntry } from './feed.ts'
import { column, spread, wrap, type Line, type Piece } from './line.ts'
import { toneOfSeverity, toneOfStatus, type View } from './view.ts'
import { amount, clockTime, duration } from './wording.ts'

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

export interface ScreenFacts {
  /** Epoch milliseconds. */
  readonly now: number
  readonly startedAt: number
  readonly endsAt: number | undefined
  /** Whether keys are read here. */
  readonly keys: boolean
}

/** Names of sections stand in front of them. */
const GUTTER = 10
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
  const top = [titleLine(facts, columns), ...gap, ...runs, ...gap, ...section('Status', statusLines(view, facts.now)), ...gap]
  const metrics = [...section('Metrics', metricLines(view, facts.now, wide)), ...gap]
  const tries = [...gap, ...section('Try', size.rows >= FULL_ROWS ? tryLines(view, facts, wide) : [shortTry(facts)])]

  const left = size.rows - top.length - metrics.length - tries.length - gap.length
  const alerts = section('Alerts', alertLines(view, facts.now, width).slice(0, Math.max(1, left - LEAST_MESSAGES)))
  const messages = section('Messages', messageLines(view.feed, Math.max(0, left - alerts.length)))
  return [...top, ...metrics, ...alerts, ...gap, ...messages, ...tries].slice(0, size.rows)
}

function section(name: string, lines: readonly Line[]): readonly Line[] {
  return lines.map((line, index): Line => [[` ${index === 0 ? name : ''}`.padEnd(GUTTER), 'bold'], ...line])
}

function titleLine({ now, startedAt, endsAt }: ScreenFacts, columns: number): Line {
  const time = endsAt === undefined ? `up ${duration(now - startedAt)} ` : `ends in ${duration(endsAt - now)} `
  return spread([[' otel-health demo ', 'title'], [' a tracker fetcher on its health channels']], [[time, 'dim']], columns)
}

function runsInFull({ parts, otlp }: View, now: number): readonly Line[] {
  return parts.map(({ name, address, detail = '' }): Line => {
    const counts = name === 'OTLP receiver' && otlp ? otlpCounts(otlp, now) : ''
    return [[name.padEnd(14)], [address.padEnd(24)], [detail + counts, 'dim']]
  })
}

/** Two lines: names, and ports of this machine. */
function runsInShort({ parts, otlp }: View, width: number, now: number): readonly Line[] {
  const lines: string[] = []
  for (const { name, address } of parts) {
    const short = `${name.replace(' receiver', '')} ${address.replace(/^(?:http:\/\/)?127\.0\.0\.1/, '')}`
    const text = name === 'OTLP receiver' && otlp ? `${short} ${otlpCounts(otlp, now)}` : short
    const last = lines.at(-1)
    if (last !== undefined && last.length + 3 + text.length <= width) lines[lines.length - 1] = `${last}   ${text}`
    else lines.push(text)
  }
  return lines.slice(0, 2).map((text): Line => [[text, 'dim']])
}

function otlpCounts({ requests, dataPoints, lastSeenAt }: NonNullable<View['otlp']>, now: number): string {
  if (lastSeenAt === undefined) return 'no request yet'
  return `${amount(requests)} requests, ${amount(dataPoints)} points, ${duration(now - lastSeenAt)} ago`
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

function sinceWhen(iso: string, now: number): string {
  const since = Date.parse(iso)
  return ` since ${clockTime(since)} (${duration(now - since)})`
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

function messageLines(feed: readonly FeedEntry[], rows: number): readonly Line[] {
  if (rows <= 0) return []
  const lines = feed.slice(-rows).map(({ at, source, text, tone, times }): Line => {
    return [[`${clockTime(at)} `, 'dim'], [source.padEnd(8)], [text, tone], [times > 1 ? `  (${amount(times)} in a row)` : '', 'dim']]
  })
  return [...lines, ...Array.from({ length: rows - lines.length }, (): Line => [])]
}

function tryLines(view: View, { keys, now }: ScreenFacts, wide: boolean): readonly Line[] {
  const faults = FAULT_KEYS.map((fault): Line => {
    const on = isOn(fault, view.faults)
    const { probability } = fault.settings
    const name = probability === undefined ? fault.fault : `${fault.fault} p=${probability}`
    const onFor = on && `ON for ${duration(now - on.since)}${wide ? `: ${fault.seen}` : ''}`
    const state: Piece = onFor === undefined ? [fault.seen, 'dim'] : [onFor, 'warning']
    return [[keys ? fault.key.padEnd(3) : '-  ', 'bold'], [name.padEnd(17)], [fault.title.padEnd(24)], state]
  })
  const last: Line = keys
    ? [['c', 'bold'], ['  enter the code     '], ['q', 'bold'], ['  quit     '], ['again: off; more: npm run fault', 'dim']]
    : [['npm run fault -- http.500 on 0.35 (or off); Ctrl-C quits', 'dim']]
  return [...faults, last]
}

function shortTry({ keys }: ScreenFacts): Line {
  return [[keys ? '1-5 faults, c enter the code, q quit' : 'npm run fault; Ctrl-C quits', 'dim']]
}
