/** The parts of a screen that are the same whatever is watched. Pure: size and time are arguments. */
import { isOn, type FaultKey } from './fault-keys.ts'
import type { FeedEntry } from './feed.ts'
import { spread, type Line, type Piece } from './line.ts'
import type { Shown } from './shown.ts'
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
export const GUTTER = 10

export function section(name: string, lines: readonly Line[]): readonly Line[] {
  return lines.map((line, index): Line => [[` ${index === 0 ? name : ''}`.padEnd(GUTTER), 'bold'], ...line])
}

export function titleLine(title: string, { now, startedAt, endsAt }: ScreenFacts, columns: number): Line {
  const time = endsAt === undefined ? `up ${duration(now - startedAt)} ` : `ends in ${duration(endsAt - now)} `
  return spread([[' otel-health demo ', 'title'], [` ${title}`]], [[time, 'dim']], columns)
}

export function runsInFull({ parts, otlp }: Pick<Shown, 'parts' | 'otlp'>, now: number): readonly Line[] {
  return parts.map(({ name, address, detail = '' }): Line => {
    const counts = name === 'OTLP receiver' && otlp ? otlpCounts(otlp, now) : ''
    return [[name.padEnd(14)], [address.padEnd(24)], [detail + counts, 'dim']]
  })
}

/** Two lines: names, and ports of this machine. */
export function runsInShort({ parts, otlp }: Pick<Shown, 'parts' | 'otlp'>, width: number, now: number): readonly Line[] {
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

function otlpCounts({ requests, dataPoints, lastSeenAt }: NonNullable<Shown['otlp']>, now: number): string {
  if (lastSeenAt === undefined) return 'no request yet'
  return `${amount(requests)} requests, ${amount(dataPoints)} points, ${duration(now - lastSeenAt)} ago`
}

export function sinceWhen(iso: string, now: number): string {
  const since = Date.parse(iso)
  return ` since ${clockTime(since)} (${duration(now - since)})`
}

export function messageLines(feed: readonly FeedEntry[], rows: number): readonly Line[] {
  if (rows <= 0) return []
  const lines = feed.slice(-rows).map(({ at, source, text, tone, times }): Line => {
    return [[`${clockTime(at)} `, 'dim'], [source.padEnd(8)], [text, tone], [times > 1 ? `  (${amount(times)} in a row)` : '', 'dim']]
  })
  return [...lines, ...Array.from({ length: rows - lines.length }, (): Line => [])]
}

/** `name`: how wide the names of the faults are, `title`: their titles. */
export interface TryColumns {
  readonly name: number
  readonly title: number
}

export function tryLines(keys: readonly FaultKey[], { faults }: Shown, facts: ScreenFacts, wide: boolean, of: TryColumns): readonly Line[] {
  return keys.map((fault): Line => {
    const on = isOn(fault, faults)
    const onFor = on && `ON for ${duration(facts.now - on.since)}${wide ? `: ${fault.seen}` : ''}`
    const state: Piece = onFor === undefined ? [fault.seen, 'dim'] : [onFor, 'warning']
    return [[facts.keys ? fault.key.padEnd(3) : '-  ', 'bold'], [nameOf(fault).padEnd(of.name)], [fault.title.padEnd(of.title)], state]
  })
}

export function keyLine({ keys }: ScreenFacts): Line {
  return keys
    ? [['c', 'bold'], ['  enter the code     '], ['q', 'bold'], ['  quit     '], ['again: off; more: npm run fault', 'dim']]
    : [['npm run fault -- http.500 on 0.5 (or off); Ctrl-C quits', 'dim']]
}

export function shortTry(keys: readonly FaultKey[], facts: ScreenFacts): Line {
  return [[facts.keys ? `1-${keys.length} faults, c enter the code, q quit` : 'npm run fault; Ctrl-C quits', 'dim']]
}

function nameOf({ fault, settings: { probability } }: FaultKey): string {
  return probability === undefined ? fault : `${fault} p=${probability}`
}
