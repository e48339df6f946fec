import type { JSX } from 'preact'

import { duration } from '../../../subscribe/duration.ts'
import type { CheckRow, InstanceRow } from '../../protocol.ts'
import { StatusMark } from '../parts/mark.tsx'
import { Table } from '../parts/table.tsx'
import { Ago } from '../parts/when.tsx'
import { milliseconds, NOTHING } from '../show/figures.ts'
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

export function InstanceTable({ rows }: { readonly rows: readonly InstanceRow[] }): JSX.Element {
  const { name, state, phase, beat, uptime, note } = words.instance
  return (
    <Table
      label={words.instances}
      columns={[
        ['name', name],
        ['state', state],
        ['phase', phase],
        ['beat', beat],
        ['uptime', uptime],
        ['note', note],
      ]}
      rows={rows}
      keyOf={(row) => row.instance}
      cells={(row) => [
        row.instance,
        row.status === 'missing' ? <span class="mark is-unhealthy">{words.missing}</span> : <StatusMark status={row.status} />,
        row.phase ?? NOTHING,
        <Ago at={row.beatAt} />,
        row.uptimeSeconds === undefined ? NOTHING : duration(row.uptimeSeconds * 1000),
        notesOf(row),
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
