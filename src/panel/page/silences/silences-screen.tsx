import type { JSX } from 'preact'

import { duration } from '../../../subscribe/duration.ts'
import { ActButton } from '../actions/act-button.tsx'
import { asking } from '../actions/asking.ts'
import { Link } from '../parts/link.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Table } from '../parts/table.tsx'
import { Left } from '../parts/when.tsx'
import type { SilenceRow } from '../../protocol.ts'
import { dayAndTime } from '../show/when.ts'
import { useResource } from '../state/resource.ts'
import { alerts, known } from '../state/store.ts'
import { texts } from '../texts.ts'

const words = texts.silences
const EVERY_MS = 10_000
const MOST_MATCHES = 5

export function SilencesScreen(): JSX.Element {
  // After each action, and when alerts come and go under them.
  const news = `${asking.value === undefined} ${alerts.value.map(({ id, silenced }) => id + (silenced ?? []).join()).join()}`
  const silences = useResource<readonly SilenceRow[]>('silences', EVERY_MS, news)
  return (
    <>
      <div class="crumb">
        <h1>{words.title}</h1>
        <div class="actions">
          <ActButton action="silence" of={{ action: 'silence', matchers: [''] }}>
            {words.make}
          </ActButton>
          <ActButton action="maintenance" of={{ action: 'maintenance', matchers: [''] }}>
            {words.plan}
          </ActButton>
        </div>
      </div>
      <Loaded of={silences}>{(rows) => (rows.length === 0 ? <p class="quiet">{words.none}</p> : <List rows={rows} />)}</Loaded>
    </>
  )
}

function List({ rows }: { readonly rows: readonly SilenceRow[] }): JSX.Element {
  const { state, matcher, why, by, until, now, act } = words.columns
  return (
    <Table
      label={words.title}
      columns={[
        ['state', state],
        ['matcher', matcher],
        ['why', why],
        ['by', by],
        ['until', until],
        ['now', now],
        ['act', act],
      ]}
      rows={rows}
      keyOf={({ id }) => id}
      cells={(row) => [
        row.inForce ? <strong>{words.inForce}</strong> : row.until === undefined ? words.over : words.waits,
        <code>{row.matcher}</code>,
        row.why,
        row.by,
        <Until of={row} />,
        <Matching ids={row.matches} />,
        <span class="actions">
          {!row.repeats && !row.endsWith && <ActButton action="extend" of={{ action: 'extend', silence: row }} />}
          <ActButton action="unsilence" of={{ action: 'unsilence', silence: row }} />
        </span>,
      ]}
    />
  )
}

function Until({ of: { from, until, inForce, repeats, endsWith } }: { readonly of: SilenceRow }): JSX.Element {
  if (endsWith) {
    return (
      <Link to={{ screen: 'alert', id: endsWith.alertId, episode: endsWith.episode }} class="small">
        {words.endsWith}
      </Link>
    )
  }
  return (
    <>
      {until !== undefined && (inForce ? <Left at={until} /> : `${dayAndTime(from)} – ${dayAndTime(until)}`)}
      {repeats && <span class="reason">{words.repeats(repeats.every, repeats.zone, duration(repeats.forSeconds * 1000))}</span>}
    </>
  )
}

function Matching({ ids }: { readonly ids: readonly string[] }): JSX.Element {
  if (ids.length === 0) return <span class="quiet">{words.noMatch}</span>
  return (
    <ul class="plain">
      {ids.slice(0, MOST_MATCHES).map((id) => {
        const alert = known.value?.alerts.get(id)
        return (
          <li key={id}>
            <Link to={{ screen: 'alert', id }}>{alert ? `${alert.service}: ${alert.rule}` : id}</Link>
          </li>
        )
      })}
      {ids.length > MOST_MATCHES && <li>{texts.actions.andMore(ids.length - MOST_MATCHES)}</li>}
    </ul>
  )
}
