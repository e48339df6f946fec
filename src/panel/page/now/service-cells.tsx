/** One service in one line. */
import type { JSX } from 'preact'

import type { KeyFigure, ServiceRow, ShownStatus } from '../../protocol.ts'
import { ActButton } from '../actions/act-button.tsx'
import { wantedOf } from '../control/standing.ts'
import { Link, serviceRoute } from '../parts/link.tsx'
import { StatusMark } from '../parts/mark.tsx'
import { Ago, For } from '../parts/when.tsx'
import { keyFigure, NOTHING } from '../show/figures.ts'
import { bars } from '../state/bars.ts'
import { now } from '../state/store.ts'
import { texts } from '../texts.ts'
import { DayBar, Spark } from './day-bar.tsx'

const words = texts.now

export const COLUMNS = ['state', 'service', 'since', 'instances', 'beat', 'rate', 'success', 'p95', 'due', 'day', 'spark'] as const
/** States that somebody may have asked for. */
const ASKED: ReadonlySet<ShownStatus> = new Set(['paused', 'draining', 'stopped'])
type Column = (typeof COLUMNS)[number]

export function ServiceCells({ row }: { readonly row: ServiceRow }): JSX.Element {
  const { service, kind, status, since, beatAt, live } = row
  const bar = bars.value.get(service)?.bar
  const [wanted] = row.control?.desired ?? []
  // That somebody wants it so says more than that it is so.
  const asked = wanted && ASKED.has(status) ? `${wantedOf(wanted, now.value)} ${texts.control.whose(wanted.by, wanted.why)}` : undefined
  const why = asked ?? row.cause ?? row.reasons[0]
  return (
    <>
      <Cell of="state">
        <StatusMark status={status} />
      </Cell>
      <Cell of="service">
        <span class="name">
          <Link to={serviceRoute(service)} class="service main-link">
            {service}
          </Link>
          {kind !== undefined && kind !== service && <span class="quiet small"> {kind}</span>}
        </span>
        {why !== undefined && (
          <span class="reason" title={[asked, row.cause, ...row.reasons].filter(Boolean).join('\n')}>
            {why}
          </span>
        )}
      </Cell>
      <Cell of="since">{since === undefined ? <span title={words.never}>{NOTHING}</span> : <For at={since} />}</Cell>
      <Cell of="instances">
        <span>{live + row.missing === 0 ? words.noInstances : words.live(live, live + row.missing)} </span>
        {live === 0 && status === 'unknown' && <ActButton action="forget" of={{ action: 'forget', service }} />}
        <Others of={row} />
      </Cell>
      <Cell of="beat">{beatAt === undefined ? NOTHING : <Ago at={beatAt} />}</Cell>
      {(['rate', 'success', 'p95', 'due'] as const).map((figure) => (
        <Cell key={figure} of={figure}>
          <Figure row={row} figure={figure} />
        </Cell>
      ))}
      <Cell of="day">
        <DayBar bar={bar} />
      </Cell>
      <Cell of="spark">
        <Spark bar={bar} />
      </Cell>
    </>
  )
}

/** `data-label` is what stands before it where there are no columns: on a phone. */
function Cell({
  of,
  children,
}: {
  readonly of: Column
  readonly children: JSX.Element | (JSX.Element | false | null)[] | string
}): JSX.Element {
  return (
    <td role="cell" class={`c-${of}`} data-label={words.columns[of]}>
      {children}
    </td>
  )
}

/** What is not known is never 0, and says why. */
function Figure({ row, figure }: { readonly row: ServiceRow; readonly figure: KeyFigure }): JSX.Element {
  const value = row[figure]
  if (value !== null) return <span>{keyFigure(figure, value)}</span>
  const why = row.unknown?.[figure] ?? (row.working === false ? words.notWatched : undefined)
  return (
    <span class="quiet" title={why}>
      {NOTHING}
      {why !== undefined && <span class="hidden"> {why}</span>}
    </span>
  )
}

/** Instances that do not simply run. */
function Others({ of: { missing, phases } }: { readonly of: ServiceRow }): JSX.Element | null {
  const others = Object.entries(phases).filter(([phase, count]) => phase !== 'running' && count > 0)
  const parts = [...others.map(([phase, count]) => `${count} ${phase}`), ...(missing > 0 ? [words.missing(missing)] : [])]
  return parts.length === 0 ? null : <span class="reason">{parts.join(', ')}</span>
}
