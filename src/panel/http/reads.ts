/** What pages ask for besides the live stream. What cannot be understood of a query is refused, never guessed. */
import type { ExportFormat, ExportKind, PanelData } from '../panel-data.ts'
import { diag } from '../../diag.ts'
import type { Call } from './call.ts'
import { lastSeen } from './live.ts'
import { jsonAnswer, Refused } from './refused.ts'
import type { Visit } from './route.ts'

const MOST_BARS = 100
const MOST_AUDIT = 1000
const LONGEST_NAME = 200

type Read = (visit: Visit) => Promise<Response>

/** Answers by what they are about; the paths are in routes.ts. */
export function reads(
  data: PanelData,
): Readonly<
  Record<
    'now' | 'bars' | 'service' | 'control' | 'history' | 'episodes' | 'alert' | 'map' | 'trends' | 'silences' | 'audit' | 'export',
    Read
  >
> {
  return {
    now: async ({ call }) => poll(data, lastSeen(call.request, call.url)),
    async bars({ call }) {
      const names = call.url.searchParams.getAll('service')
      if (names.length === 0 || names.length > MOST_BARS || names.some((each) => !isName(each)))
        throw new Refused(400, `service is given ${names.length} times, expected 1 to ${MOST_BARS} names of services.`)
      return jsonAnswer(await data.bars(names))
    },
    service: async ({ params }) => jsonAnswer(found(data.service(nameIn(params)), 'service')),
    control: async ({ params }) => jsonAnswer(found(await data.controlFacts(nameIn(params)), 'service')),
    async history({ call, params }) {
      const hours = Number(oneOf(call.url, 'hours', ['1', '6', '24'], '1')) as 1 | 6 | 24
      return jsonAnswer(found(await data.history(nameIn(params), hours), 'service'))
    },
    episodes: async ({ params }) => jsonAnswer(await data.episodes(nameIn(params))),
    async alert({ call, params }) {
      const episode = whole(call.url, 'episode', 0, Number.MAX_SAFE_INTEGER)
      return jsonAnswer(found(await data.timeline(idIn(params), episode), 'alert'))
    },
    map: () => Promise.resolve(jsonAnswer(data.map())),
    async trends({ call }) {
      const range = oneOf(call.url, 'range', ['24h', '30d'], '24h')
      return jsonAnswer(await data.trends(range, name(call.url, 'service')))
    },
    silences: async () => jsonAnswer(await data.silences()),
    async audit({ call }) {
      const [service, alert] = [name(call.url, 'service'), name(call.url, 'alert')]
      const count = whole(call.url, 'count', 1, MOST_AUDIT) ?? 100
      return jsonAnswer(await data.audit({ count, ...(service !== undefined && { service }), ...(alert !== undefined && { alert }) }))
    },
    async export({ call, params }) {
      const kind = params['kind'] as ExportKind
      if (!EXPORTS.includes(kind)) throw new Refused(404, 'There is nothing of that name to export: history, alerts and audit there is.')
      const format = oneOf(call.url, 'format', ['ndjson', 'csv'], 'ndjson')
      const service = name(call.url, 'service')
      if (kind === 'history' && service === undefined) throw new Refused(400, 'service is missing: the history is exported of one service.')
      return exported(data.export(kind, format, service), [kind, ...(service === undefined ? [] : [service])].join('-'), format, call)
    },
  }
}

const EXPORTS: readonly ExportKind[] = ['history', 'alerts', 'audit']

/** A PollAnswer. What an event holds is JSON already. */
function poll({ feed }: PanelData, since: string | undefined): Response {
  const events = since === undefined ? undefined : feed.after(since)
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  if (since === undefined || !events) {
    const { id, json } = feed.latest()
    return new Response(`{"id":${JSON.stringify(id)},"now":${json}}`, { headers })
  }
  const of = (kind: string) => events.flatMap(({ event, json }) => (event === kind ? [json] : [])).join(',')
  const id = JSON.stringify(events.at(-1)?.id ?? since)
  return new Response(`{"id":${id},"changes":[${of('change')}],"transitions":[${of('transition')}]}`, { headers })
}

const TYPES: Readonly<Record<ExportFormat, string>> = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8' }

/** Lines as they are asked for; who goes away ends the reading. The first is read before, so that what fails at once is an answer. */
async function exported(lines: AsyncIterable<string>, about: string, format: ExportFormat, { request, outgoing }: Call): Promise<Response> {
  const file = `${about.replaceAll(/[^\w.-]/g, '_').slice(0, 100)}.${format}`
  const headers = { 'content-type': TYPES[format], 'content-disposition': `attachment; filename="${file}"` }
  if (request.method === 'HEAD') return new Response(null, { headers })
  const iterator = lines[Symbol.asyncIterator]()
  let next: Promise<IteratorResult<string>> | undefined = Promise.resolve(await iterator.next())
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await (next ?? iterator.next())
          next = undefined
          if (done) controller.close()
          else controller.enqueue(encoder.encode(value))
        } catch (error) {
          diag.warn(`An export of the panel has broken off: ${error instanceof Error ? error.message : String(error)}`)
          // Cut off, so that nobody takes it for whole.
          if (outgoing) outgoing.destroy()
          else controller.error(new Error('The export has broken off.'))
        }
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers })
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Refused(404, `There is no such ${what}, or nothing is known of it any more.`)
  return value
}

function nameIn(params: Visit['params']): string {
  return given(params['service'], 'service')
}

function idIn(params: Visit['params']): string {
  return given(params['id'], 'alert')
}

function given(value: string | undefined, what: string): string {
  if (value === undefined || !isName(value)) throw new Refused(404, `There is no such ${what}.`)
  return value
}

function isName(text: string): boolean {
  return text !== '' && text.length <= LONGEST_NAME
}

function name({ searchParams }: URL, key: string): string | undefined {
  const value = searchParams.get(key)
  if (value === null || value === '') return undefined
  if (!isName(value)) throw new Refused(400, `${key} is longer than ${LONGEST_NAME} characters.`)
  return value
}

function oneOf<T extends string>({ searchParams }: URL, key: string, allowed: readonly T[], otherwise: T): T {
  const value = searchParams.get(key) ?? otherwise
  const match = allowed.find((each) => each === value)
  if (match === undefined) throw new Refused(400, `${key} is not right, expected ${allowed.join(' or ')}.`)
  return match
}

function whole({ searchParams }: URL, key: string, least: number, most: number): number | undefined {
  const text = searchParams.get(key)
  if (text === null) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most)) throw new Refused(400, `${key} is not right, expected a whole number from ${least} to ${most}.`)
  return value
}
