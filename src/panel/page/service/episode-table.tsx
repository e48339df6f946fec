import type { JSX } from 'preact'

import { duration } from '../../../subscribe/duration.ts'
import type { EpisodeRow } from '../../protocol.ts'
import { Labels } from '../parts/labels.tsx'
import { Link } from '../parts/link.tsx'
import { SeverityMark } from '../parts/mark.tsx'
import { Table } from '../parts/table.tsx'
import { Ago } from '../parts/when.tsx'
import { texts } from '../texts.ts'

const words = texts.service

export function EpisodeTable({ rows }: { readonly rows: readonly EpisodeRow[] }): JSX.Element {
  const { rule, from, lasted, message } = words.episode
  if (rows.length === 0) return <p class="quiet">{words.noEpisodes}</p>
  return (
    <Table
      label={words.episodes}
      columns={[
        ['rule', rule],
        ['from', from],
        ['lasted', lasted],
        ['message', message],
      ]}
      rows={rows}
      keyOf={(row) => `${row.alertId} ${row.episode}`}
      cells={(row) => [
        <>
          <SeverityMark severity={row.severity} />{' '}
          <Link to={{ screen: 'alert', id: row.alertId, episode: row.episode }} class="main-link">
            {row.rule}
          </Link>{' '}
          <Labels of={row.labels} />
        </>,
        <Ago at={row.from} />,
        row.to === undefined ? words.open : duration(row.to - row.from),
        row.message,
      ]}
    />
  )
}
