import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

import { isFound } from '../now/filter.ts'
import { Link } from '../parts/link.tsx'
import { SearchField } from '../parts/search-field.tsx'
import { Loaded } from '../parts/loaded.tsx'
import type { AuditRow } from '../../protocol.ts'
import { addressOfApi } from '../state/api.ts'
import { useResource } from '../state/resource.ts'
import { asking } from '../actions/asking.ts'
import { stay } from '../state/where.ts'
import { texts } from '../texts.ts'
import { DeedTable } from './deed-table.tsx'

const words = texts.journal
const EVERY_MS = 15_000
const PAGE = 100
/** The server tells no more at once; the export has all. */
const MOST = 1000

export function JournalScreen({ q, service }: { readonly q: string; readonly service?: string }): JSX.Element {
  const [count, setCount] = useState(PAGE)
  const query = new URLSearchParams({ count: String(count), ...(service !== undefined && { service }) })
  const deeds = useResource<readonly AuditRow[]>(`audit?${query.toString()}`, EVERY_MS, asking.value === undefined)
  return (
    <div class="journal trend">
      <h1>{words.title}</h1>
      <p class="quiet">{words.about}</p>
      <div class="controls">
        <SearchField
          value={q}
          says={words.search}
          onInput={(value) => stay({ screen: 'journal', q: value, ...(service !== undefined && { service }) })}
        />
        {service !== undefined && (
          <Link class="chip" to={{ screen: 'journal', q }}>
            {words.service(service)} ×
          </Link>
        )}
        <span class="small">
          {words.exports.audit} <Export of="audit" /> {words.exports.alerts} <Export of="alerts" />
        </span>
      </div>
      <Loaded of={deeds}>
        {(rows) => {
          const shown = rows.filter((row) => isFound(q, row.actor, row.why, row.action, row.from, ...Object.values(row.about)))
          if (rows.length === 0) return <p class="quiet">{words.none}</p>
          return (
            <>
              {shown.length === 0 ? <p class="quiet">{words.noneFound}</p> : <DeedTable rows={shown} />}
              {rows.length === count && count < MOST && (
                <p>
                  <button type="button" onClick={() => setCount(Math.min(MOST, count + 300))}>
                    {words.more}
                  </button>
                </p>
              )}
            </>
          )
        }}
      </Loaded>
    </div>
  )
}

function Export({ of }: { readonly of: 'audit' | 'alerts' }): JSX.Element {
  return (
    <>
      {(['ndjson', 'csv'] as const).map((format) => (
        <span key={format}>
          <a href={addressOfApi(`export/${of}?format=${format}`)} download>
            {format.toUpperCase()}
          </a>{' '}
        </span>
      ))}
    </>
  )
}
