/** What of the panel an address shows. Pure: addresses here are without the path under which the panel is mounted. */
import type { Severity } from '../../../types.ts'
import type { ShownStatus } from '../../protocol.ts'

export interface NowFilter {
  readonly q: string
  readonly states: readonly ShownStatus[]
  readonly severity: Severity | undefined
  /** Only alerts that nobody has acknowledged. */
  readonly unacked: boolean
  /** Services are grouped by the beginning of their names. */
  readonly grouped: boolean
}
export type Hours = 1 | 6 | 24

export type Route =
  | { readonly screen: 'now'; readonly filter: NowFilter }
  | { readonly screen: 'service'; readonly service: string; readonly hours: Hours }
  | { readonly screen: 'alert'; readonly id: string; readonly episode?: number }
  | { readonly screen: 'map' }
  | { readonly screen: 'trends'; readonly range: '24h' | '30d'; readonly service?: string }
  | { readonly screen: 'silences' }
  | { readonly screen: 'journal'; readonly q: string; readonly service?: string }
  | { readonly screen: 'login'; readonly then: string }
  | { readonly screen: 'nowhere' }

export const NO_FILTER: NowFilter = { q: '', states: [], severity: undefined, unacked: false, grouped: false }

const STATES: readonly string[] = [
  'healthy',
  'degraded',
  'unhealthy',
  'paused',
  'draining',
  'stopped',
  'unknown',
] satisfies readonly ShownStatus[]

/** `path` begins with a slash; `search` may begin with `?`. */
export function routeOf(path: string, search: string): Route {
  const [first = '', second, ...more] = path.split('/').slice(1).map(decoded)
  const query = new URLSearchParams(search)
  const q = (query.get('q') ?? '').slice(0, 200)
  const service = query.get('service') ?? undefined
  if (more.length > 0) return { screen: 'nowhere' }
  if (second !== undefined && second !== '') {
    if (first === 'service') return { screen: 'service', service: second, hours: hoursOf(query.get('hours')) }
    if (first === 'alert') return { screen: 'alert', id: second, ...episodeOf(query.get('episode')) }
    return { screen: 'nowhere' }
  }
  switch (first) {
    case '':
      return { screen: 'now', filter: filterOf(query, q) }
    case 'map':
    case 'silences':
      return { screen: first }
    case 'trends':
      return { screen: 'trends', range: query.get('range') === '30d' ? '30d' : '24h', ...(service !== undefined && { service }) }
    case 'journal':
      return { screen: 'journal', q, ...(service !== undefined && { service }) }
    case 'login':
      return { screen: 'login', then: ownPath(query.get('then')) }
    default:
      return { screen: 'nowhere' }
  }
}

export function addressOf(route: Route): string {
  switch (route.screen) {
    case 'now':
      return `/${queryOf(filterQuery(route.filter))}`
    case 'service':
      return `/service/${encodeURIComponent(route.service)}${queryOf({ hours: route.hours === 1 ? undefined : String(route.hours) })}`
    case 'alert':
      return `/alert/${encodeURIComponent(route.id)}${queryOf({ episode: route.episode?.toString() })}`
    case 'trends':
      return `/trends${queryOf({ range: route.range === '24h' ? undefined : route.range, service: route.service })}`
    case 'journal':
      return `/journal${queryOf({ q: route.q, service: route.service })}`
    case 'login':
      return `/login${queryOf({ then: route.then === '/' ? undefined : route.then })}`
    case 'nowhere':
      return '/'
    default:
      return `/${route.screen}`
  }
}

function filterOf(query: URLSearchParams, q: string): NowFilter {
  const states = (query.get('state') ?? '').split(',').filter((state): state is ShownStatus => STATES.includes(state))
  const severity = query.get('severity')
  return {
    q,
    states,
    severity: severity === 'CRITICAL' || severity === 'WARNING' ? severity : undefined,
    unacked: query.get('unacked') === '1',
    grouped: query.get('group') === '1',
  }
}

function filterQuery({ q, states, severity, unacked, grouped }: NowFilter): Record<string, string | undefined> {
  return { state: states.join(','), severity, q, unacked: unacked ? '1' : undefined, group: grouped ? '1' : undefined }
}

function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString().replaceAll('%2C', ',')}`
}

function hoursOf(text: string | null): Hours {
  return text === '6' ? 6 : text === '24' ? 24 : 1
}

function episodeOf(text: string | null): { readonly episode?: number } {
  const episode = Number(text)
  return text !== null && Number.isSafeInteger(episode) && episode > 0 ? { episode } : {}
}

/** Never another site: `//evil.example` and `https:…` are none of ours. */
function ownPath(text: string | null): string {
  return text !== null && /^\/(?![/\\])/.test(text) ? text : '/'
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
