import type { JSX } from 'preact'

import { duration } from '../../../subscribe/duration.ts'
import { InstanceActions } from '../control/instance-actions.tsx'
import { isControllable } from '../control/why-not.ts'
import type { CheckRow, InstanceRow, ServiceRow } from '../../protocol.ts'
import { StatusMark } from '../parts/mark.tsx'
import { Table } from '../parts/table.tsx'
import { Ago } from '../parts/when.tsx'
import { milliseconds, NOTHING } from '../show/figures.ts'
import { session } from '../state/store.ts'
import { texts } from '../texts.ts'

const words = texts.service

export function CheckTable({ rows }: { readonly rows: readonly CheckRow[] }): JSX.Element {
  const { name, state, latency, error, instance } = words.check
  return (
    <Table
      label={words.checks}
      columns={[
        ['name', name],
        ['state', state],
        ['latency', latency],
        ['error', error],
        ['instance', instance],
      ]}
      rows={rows}
      keyOf={(row) => `${row.name} ${row.instance}`}
      cells={(row) => [
        row.name,
        <StatusMark status={row.status} />,
        row.latencyMs === null ? NOTHING : milliseconds(row.latencyMs),
        row.error ?? '',
        row.instance,
      ]}
    />
  )
}

interface InstanceTableProps {
  readonly rows: readonly InstanceRow[]
  readonly service: ServiceRow
}

export function InstanceTable({ rows, service: { service, control } }: InstanceTableProps): JSX.Element {
  const { name, state, phase, hand, beat, uptime, note, act } = words.instance
  const isOn = session.value?.control ?? false
  // Where nothing can be asked of any of them, nothing stands there.
  const isControlled = isControllable({ service, instances: rows, control, isOn })
  return (
    <Table
      label={words.instances}
      columns={[
        ['name', name],
        ['state', state],
        ['phase', phase],
        ['beat', beat],
        ['uptime', uptime],
        ...(isControlled ? ([['hand', hand]] as const) : []),
        ['note', note],
        ...(isControlled ? ([['act', act]] as const) : []),
      ]}
      rows={rows}
      keyOf={(row) => row.instance}
      cells={(row) => [
        row.instance,
        row.status === 'missing' ? <span class="mark is-unhealthy">{words.missing}</span> : <StatusMark status={row.status} />,
        row.phase ?? NOTHING,
        <Ago at={row.beatAt} />,
        row.uptimeSeconds === undefined ? NOTHING : duration(row.uptimeSeconds * 1000),
        ...(isControlled ? [row.control?.inHand?.count ?? NOTHING] : []),
        notesOf(row),
        ...(isControlled ? [<InstanceActions controlled={{ service, instances: [row], control, isOn }} instance={row.instance} />] : []),
      ]}
    />
  )
}

/** A second or two of a clock mean nothing. */
const CLOCK_MS = 2000

function notesOf({ problem, clockAheadMs = 0 }: InstanceRow): string {
  const clock =
    clockAheadMs > CLOCK_MS
      ? words.clockAhead(duration(clockAheadMs))
      : clockAheadMs < -CLOCK_MS
        ? words.clockBehind(duration(-clockAheadMs))
        : ''
  return [problem, clock].filter(Boolean).join('; ')
}
