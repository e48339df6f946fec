/** The minutes of a service, to be kept elsewhere: all that the history holds, page by page. */
import type { RedisClient } from '../../wire/redis-client.ts'
import { cleanJson } from '../../wire/clean-text.ts'
import { toIso } from '../../wire/iso-time.ts'
import type { ExportFormat } from '../panel-data.ts'
import { csvLine } from './csv.ts'
import { fieldsOf, pagesForward, timeOf, type StreamEntry } from './read-stream.ts'

/** Entries at both ends that say which columns there are. */
const LOOKED_AT = 200
const OWN = new Set(['instance', 'status'])

export async function* historyLines(client: RedisClient, key: string, format: ExportFormat): AsyncGenerator<string> {
  if (format === 'ndjson') {
    for await (const page of pagesForward(client, key, '-')) for (const entry of page) yield jsonLine(entry)
    return
  }
  const ends = await Promise.all([client.xrange(key, '-', '+', 'COUNT', LOOKED_AT), client.xrevrange(key, '+', '-', 'COUNT', LOOKED_AT)])
  const columns = columnsOf(ends.flat())
  yield csvLine(['at', 'instance', 'status', ...columns, 'others'])
  for await (const page of pagesForward(client, key, '-')) for (const entry of page) yield rowLine(entry, columns)
}

function columnsOf(entries: readonly StreamEntry[]): readonly string[] {
  const names = new Set(entries.flatMap(([, fields]) => [...fieldsOf(fields).keys()]))
  return [...names].filter((name) => !OWN.has(name)).toSorted()
}

/** A figure that none of the looked-at entries has is in the last cell, as JSON. */
function rowLine([id, fields]: StreamEntry, columns: readonly string[]): string {
  const said = fieldsOf(fields)
  const others = [...said].filter(([name]) => !OWN.has(name) && !columns.includes(name))
  const rest = others.length === 0 ? null : cleanJson(Object.fromEntries(others))
  const cells = columns.map((name) => cellOf(said.get(name)))
  return csvLine([toIso(timeOf(id)), said.get('instance'), said.get('status'), ...cells, rest])
}

function cellOf(text: string | undefined): string | number | undefined {
  const value = text === undefined || text === '' ? NaN : Number(text)
  return Number.isFinite(value) ? value : text
}

function jsonLine([id, fields]: StreamEntry): string {
  const said = fieldsOf(fields)
  const values = [...said].flatMap(([name, text]) => (OWN.has(name) ? [] : [[name, valueOf(text)] as const]))
  const line = {
    at: toIso(timeOf(id)),
    instance: said.get('instance') ?? null,
    status: said.get('status') ?? null,
    ...Object.fromEntries(values),
  }
  return `${cleanJson(line)}\n`
}

/** What was not known is `null`. */
function valueOf(text: string): unknown {
  if (text === '') return null
  if (text === 'true' || text === 'false') return text === 'true'
  return cellOf(text)
}
