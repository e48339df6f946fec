/** The overview as lines of a terminal. Pure: size and time are arguments. */
import { alertName } from '../../src/judge/status.ts'
import { dependencySentence } from '../../src/subscribe/dependencies.ts'
import { ALL_FAULT_KEYS, isOn, type FaultKey } from './fault-keys.ts'
import { column, wrap, type Line, type Piece } from './line.ts'
import type { Overview } from './overview.ts'
import { GUTTER, keyLine, messageLines, runsInShort, section, shortTry, sinceWhen, titleLine, tryLines } from './sections.ts'
import type { ScreenFacts, ScreenSize } from './sections.ts'
import { toneOfSeverity, toneOfStatus } from './shown.ts'
import { duration } from './wording.ts'

const TITLE = 'five services on their health channels'
const TRY_COLUMNS = { name: 17, title: 22 }
const TRIES_IN_A_ROW = 3
const ROOMY_ROWS = 38
const FULL_ROWS = 22
const WIDE_COLUMNS = 110
const LEAST_MESSAGES = 2
/** Longer lines are hard to read. */
const WIDEST = 180

/** At most `rows` lines. */
export function overviewLines(overview: Overview, size: ScreenSize, facts: ScreenFacts): readonly Line[] {
  const columns = Math.min(size.columns, WIDEST)
  const width = Math.max(20, columns - GUTTER - 1)
  const wide = columns >= WIDE_COLUMNS
  const full = size.rows >= FULL_ROWS
  const roomy = size.rows >= ROOMY_ROWS
  const gap: readonly Line[] = roomy ? [[]] : []
  const runs = full ? section('Runs', runsInShort(aroundServices(overview), width, facts.now)) : []
  const top = [titleLine(TITLE, facts, columns), ...gap, ...runs, ...gap, ...serviceLines(overview), ...gap]
  const depends = section('Depends', dependencyLines(overview, wide))
  const tries = [...gap, ...section('Try', full ? triesInFull(overview, facts, roomy && wide) : [shortTry(ALL_FAULT_KEYS, facts)])]

  const left = size.rows - top.length - depends.length - tries.length - gap.length
  const alerts = section('Alerts', alertLines(overview, facts.now, width, wide).slice(0, Math.max(1, left - LEAST_MESSAGES)))
  const messages = section('Messages', messageLines(news(overview, roomy), Math.max(0, left - alerts.length)))
  return [...top, ...alerts, ...depends, ...gap, ...messages, ...tries].slice(0, size.rows)
}

/** Where there is little room, without what stands under `Depends` anyway. */
function news({ feed }: Overview, roomy: boolean): Overview['feed'] {
  return roomy ? feed : feed.filter(({ source }) => source !== 'depends')
}

/** Without the services, which have a table of their own; first what one may want to look into. */
function aroundServices(overview: Overview): Pick<Overview, 'parts' | 'otlp'> {
  const names = new Set(overview.rows().map(({ name }) => name))
  const parts = overview.parts.filter(({ name }) => !names.has(name))
  return { parts: parts.toSorted((a, b) => Number(a.simulated ?? false) - Number(b.simulated ?? false)), otlp: overview.otlp }
}

function serviceLines(overview: Overview): readonly Line[] {
  const head = ['Service', 'Status', 'Phase', 'Figures']
  const row = ([name, status, phase, figures]: readonly Piece[]): Line => [
    [' '],
    ...column([name!], 20),
    ...column([status!], 10),
    ...column([phase!], 9),
    figures!,
  ]
  return [
    row(head.map((text): Piece => [text, 'bold'])),
    ...overview.rows().map(({ name, status, phase, figures }) => {
      const stands: Piece = status === undefined ? ['-', 'dim'] : [status.toUpperCase(), toneOfStatus(status)]
      return row([
        [name],
        stands,
        [phase ?? '-', 'dim'],
        [figures || (status ? 'no figures yet' : 'not heard of yet'), figures ? 'plain' : 'dim'],
      ])
    }),
  ]
}

/** In a narrow terminal what lies between gives way to the reason. */
function dependencyLines(overview: Overview, wide: boolean): readonly Line[] {
  return overview.affected().map(({ service, cause }): Line => {
    return [[`${service} `], [dependencySentence(wide ? cause : { ...cause, through: [] }), 'warning']]
  })
}

function alertLines(overview: Overview, now: number, width: number, wide: boolean): readonly Line[] {
  const alerts = overview.openAlerts()
  if (alerts.length === 0) return [[['none open', 'good']]]
  return alerts.flatMap((alert): Line[] => {
    const { service, severity, state, since, message } = alert
    const head: Line = [
      [`${severity} ${service} ${alertName(alert)}`, toneOfSeverity(severity)],
      [wide ? `  ${state}${sinceWhen(since, now)}` : `  ${state} ${duration(now - Date.parse(since))}`, 'dim'],
    ]
    return [head, ...wrap(message, width - 2, 2).map((text): Line => [[`  ${text}`]])]
  })
}

function triesInFull(overview: Overview, facts: ScreenFacts, large: boolean): readonly Line[] {
  if (large) return [...tryLines(ALL_FAULT_KEYS, overview, facts, true, TRY_COLUMNS), keyLine(facts)]
  const short = ALL_FAULT_KEYS.map((fault) => shortTryOf(fault, overview, facts))
  const rows = Array.from({ length: Math.ceil(short.length / TRIES_IN_A_ROW) }, (_, row) =>
    short.slice(row * TRIES_IN_A_ROW, (row + 1) * TRIES_IN_A_ROW).flat(),
  )
  return [...rows, keyLine(facts)]
}

function shortTryOf(fault: FaultKey, overview: Overview, { keys, now }: ScreenFacts): Line {
  const on = isOn(fault, overview.faults)
  const text: Piece = on ? [`${fault.fault} ${duration(now - on.since)}`, 'warning'] : [fault.title]
  return column([[keys ? `${fault.key} ` : '- ', 'bold'], text], 23)
}
