/** All services, the worst first; of thousands only those on the screen are in the page. */
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

import type { ServiceRow } from '../../protocol.ts'
import { useAttention } from '../parts/attention.ts'
import { useHeldOrder } from '../parts/held-order.ts'
import { StatusMark } from '../parts/mark.tsx'
import { NARROW, useMedia } from '../parts/media.ts'
import { Moved } from '../parts/moved.tsx'
import { topsOf, useWindowOfRows } from '../parts/window-of-rows.ts'
import { wantBars } from '../state/bars.ts'
import { texts } from '../texts.ts'
import { groupsOf, type Group } from './group.ts'
import { COLUMNS, ServiceCells } from './service-cells.tsx'

const words = texts.now
/** As the style sheet has them. */
const ROW_PX = 46
const CARD_PX = 132
const GROUP_ON_A_PHONE_PX = 46

interface ServiceTableProps {
  /** How many there are, shown or not. */
  readonly all: number
  /** In their order. */
  readonly shown: readonly ServiceRow[]
  readonly grouped: boolean
}

export function ServiceTable({ all, shown, grouped }: ServiceTableProps): JSX.Element {
  const { isHeld, props } = useAttention()
  const { items, moved, sortAgain } = useHeldOrder(shown, ({ service }) => service, isHeld)
  return (
    <section aria-labelledby="services-title">
      <div class="bar-of-title">
        <h2 id="services-title">
          {words.services} <span class="count">{shown.length}</span>
        </h2>
        <Moved count={moved} onSort={sortAgain} />
      </div>
      {shown.length === 0 ? (
        <p class="quiet">{words.noServiceFound(all)}</p>
      ) : (
        <div {...props}>
          <Rows rows={items} grouped={grouped} />
        </div>
      )}
    </section>
  )
}

type Item = { readonly key: string; readonly row: ServiceRow } | { readonly key: string; readonly group: Group; readonly isOpen: boolean }

function Rows({ rows, grouped }: { readonly rows: readonly ServiceRow[]; readonly grouped: boolean }): JSX.Element {
  const box = useRef<HTMLTableSectionElement>(null)
  const isNarrow = useMedia(NARROW)
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map())
  const items = itemsOf(rows, grouped, toggled)
  const tops = topsOf(items.map((item) => (isNarrow ? ('row' in item ? CARD_PX : GROUP_ON_A_PHONE_PX) : ROW_PX)))
  const { from, to } = useWindowOfRows(box, tops)
  const seen = items.slice(from, to)
  const names = seen.flatMap((item) => ('row' in item ? [item.row.service] : []))
  useEffect(() => wantBars(names), [names.join('\n'), Math.floor(Date.now() / 60_000)])
  return (
    <table class="services cards" role="table" aria-rowcount={items.length + 1} aria-labelledby="services-title">
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
          {COLUMNS.map((column) => (
            <th key={column} role="columnheader" scope="col" class={`c-${column}`}>
              {words.columns[column]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup" ref={box}>
        <Space px={tops[from]!} />
        {seen.map((item, i) => (
          <tr
            key={item.key}
            role="row"
            aria-rowindex={from + i + 2}
            {...('row' in item && { 'data-item': item.key, 'data-service': item.key })}
          >
            {'row' in item ? (
              <ServiceCells row={item.row} />
            ) : (
              <GroupCell {...item} onToggle={(isOpen) => setToggled(new Map([...toggled, [item.group.prefix, isOpen]]))} />
            )}
          </tr>
        ))}
        <Space px={tops.at(-1)! - tops[to]!} />
      </tbody>
    </table>
  )
}

/** In the place of rows that are not on the screen. */
function Space({ px }: { readonly px: number }): JSX.Element | null {
  return px === 0 ? null : <tr class="space" aria-hidden="true" style={{ height: `${px}px` }} />
}

/** Groups in which all is well are closed until somebody opens them. */
function itemsOf(rows: readonly ServiceRow[], grouped: boolean, toggled: ReadonlyMap<string, boolean>): readonly Item[] {
  if (!grouped) return rows.map((row) => ({ key: row.service, row }))
  return groupsOf(rows).flatMap((group): Item[] => {
    const isOpen = toggled.get(group.prefix) ?? group.worst !== 'healthy'
    const head = { key: `group ${group.prefix}`, group, isOpen }
    return isOpen ? [head, ...group.services.map((row) => ({ key: row.service, row }))] : [head]
  })
}

interface GroupCellProps {
  readonly group: Group
  readonly isOpen: boolean
  readonly onToggle: (isOpen: boolean) => void
}

function GroupCell({ group: { prefix, services, worst }, isOpen, onToggle }: GroupCellProps): JSX.Element {
  return (
    <td role="cell" colSpan={COLUMNS.length} class="group">
      <button type="button" aria-expanded={isOpen} onClick={() => onToggle(!isOpen)}>
        <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span> {words.groupOf(prefix, services.length)}
      </button>{' '}
      <StatusMark status={worst} />
    </td>
  )
}
