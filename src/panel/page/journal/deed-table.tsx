/** What people did: who, what, about what, and why. */
import type { JSX } from 'preact'

import type { AuditRow } from '../../protocol.ts'
import { Link, serviceRoute } from '../parts/link.tsx'
import { Table } from '../parts/table.tsx'
import { Ago } from '../parts/when.tsx'
import { texts } from '../texts.ts'

const words = texts.journal

export function DeedTable({ rows }: { readonly rows: readonly AuditRow[] }): JSX.Element {
  const { at, actor, action, about, why, from } = words.columns
  return (
    <Table
      label={words.title}
      columns={[
        ['at', at],
        ['actor', actor],
        ['action', action],
        ['about', about],
        ['why', why],
        ['from', from],
      ]}
      rows={rows}
      keyOf={(row) => `${row.id} ${row.about['outcome'] ?? ''}`}
      cells={(row) => [<Ago at={row.at} />, row.actor, deedOf(row), <About row={row} />, row.why, row.from]}
    />
  )
}

/** What an instance says of what it was asked is in the record, too. */
function deedOf({ action, about: { outcome } }: AuditRow): string {
  return outcome === undefined ? (texts.actions.deeds[action] ?? action) : texts.control.outcome(action, outcome)
}

/** The service and the alert lead to where they are; the rest stands as it was recorded. */
function About({ row: { about } }: { readonly row: AuditRow }): JSX.Element {
  const { service, instance, alert, rule, matcher } = about
  return (
    <>
      {service !== undefined && <Link to={serviceRoute(service)}>{service}</Link>} {instance}{' '}
      {alert !== undefined && <Link to={{ screen: 'alert', id: alert }}>{rule ?? alert}</Link>}{' '}
      {matcher !== undefined && <code>{matcher}</code>}
    </>
  )
}
