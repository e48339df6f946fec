/** A PanelData of a few rows in memory, which tells what it was asked; the HTTP side is tested on it without Redis. */
import { ControlError } from '../../../src/control/control-error.ts'
import type { Actor, Feed, FeedEvent, PanelData } from '../../../src/panel/panel-data.ts'
import type { Action, ActionRequest, Change, Now, ServiceRow } from '../../../src/panel/protocol.ts'

export function serviceRow(change: Partial<ServiceRow> = {}): ServiceRow {
  return {
    ...{ service: 'fetcher', status: 'healthy', reasons: [], live: 1, missing: 0, phases: { ready: 1 }, alerts: 0 },
    ...{ rate: 120, success: 99, p95: 80, due: null },
    ...change,
  } as ServiceRow
}

export class MemoryFeed implements Feed {
  now: Now = { at: 1_800_000_000_000, epoch: 'e', seq: 0, problems: [], services: [serviceRow()], alerts: [] }
  /** How often everything was asked for. */
  asked = 0
  readonly #listeners = new Set<(event: FeedEvent) => void>()
  #events: FeedEvent[] = []
  #count = 0

  get listeners(): number {
    return this.#listeners.size
  }

  latest(): { id: string; json: string; now: Now } {
    this.asked++
    return { id: `run-${this.#count}`, json: JSON.stringify(this.now), now: this.now }
  }

  after(id: string): readonly FeedEvent[] | undefined {
    if (id === `run-${this.#count}`) return []
    const at = Number(id.replace('run-', '')) - (this.#count - this.#events.length)
    return at >= 0 && at < this.#events.length ? this.#events.slice(at) : undefined
  }

  listen(listener: (event: FeedEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** As the data side tells of it. `filler`: to make it long. */
  tell(event: 'change' | 'transition' = 'change', filler: string = ''): string {
    const { services: _services, alerts: _alerts, ...head } = this.now
    const change: Change = { ...head, services: [], servicesGone: [], alerts: [], alertsGone: [], problems: [filler] }
    const told: FeedEvent = { id: `run-${++this.#count}`, event, json: JSON.stringify(change) }
    this.#events.push(told)
    for (const listener of [...this.#listeners]) listener(told)
    return told.id
  }

  forget(): void {
    this.#events = []
  }
}

export interface Acted {
  readonly action: Action
  readonly request: ActionRequest
  readonly actor: Actor
}

export class MemoryData implements PanelData {
  readonly feed: MemoryFeed = new MemoryFeed()
  readonly acted: Acted[] = []
  readonly read: { readonly what: string; readonly given: readonly unknown[] }[] = []
  /** Thrown by whatever is asked next. */
  trouble: Error | undefined
  /** What `start` does. */
  starting: () => Promise<void> = () => Promise.resolve()
  starts = 0
  stops = 0
  exportsOpen = 0
  /** After the lines of an export. */
  broken: Error | undefined
  lines: readonly string[] = ['{"a":1}\n', '{"a":2}\n']

  async start(): Promise<void> {
    this.starts++
    await this.starting()
  }
  stop(): Promise<void> {
    this.stops++
    return Promise.resolve()
  }
  service(name: string) {
    this.#note('service', name)
    if (name !== 'fetcher') return undefined
    const row = serviceRow()
    return { row, alerts: [], instances: [], checks: [], dependsOn: [], neededBy: [], metrics: {}, unknown: {}, problems: [] }
  }
  async controlFacts(service: string) {
    this.#note('controlFacts', service)
    return service === 'fetcher' ? { took: {}, nameNeededFor: [], down: [] } : undefined
  }
  async history(service: string, hours: 1 | 6 | 24) {
    this.#note('history', service, hours)
    return service === 'fetcher' ? { from: 0, to: hours * 3_600_000, charts: [], spans: [], restarts: [] } : undefined
  }
  async episodes(service: string) {
    this.#note('episodes', service)
    return []
  }
  async bars(services: readonly string[]) {
    this.#note('bars', services)
    return Object.fromEntries(services.map((name) => [name, { quarters: [], until: 0, spark: null }]))
  }
  async timeline(alertId: string, episode?: number) {
    this.#note('timeline', alertId, episode)
    return undefined
  }
  map() {
    this.#note('map')
    return { nodes: [], edges: [] }
  }
  async trends(range: '24h' | '30d', service?: string) {
    this.#note('trends', range, service)
    return { range, source: 'redis', rows: [] } as const
  }
  async silences() {
    this.#note('silences')
    return []
  }
  async audit(filter: { readonly count: number; readonly service?: string; readonly alert?: string }) {
    this.#note('audit', filter)
    return []
  }
  async *export(...given: Parameters<PanelData['export']>) {
    this.#note('export', ...given)
    this.exportsOpen++
    try {
      yield* this.lines
      if (this.broken) throw this.broken
    } finally {
      this.exportsOpen--
    }
  }
  async act(action: Action, request: ActionRequest, actor: Actor) {
    this.#note('act', action)
    this.acted.push({ action, request, actor })
    return { done: request.alerts ?? [], refused: [] }
  }

  #note(what: string, ...given: readonly unknown[]): void {
    this.read.push({ what, given })
    const { trouble } = this
    if (trouble) throw trouble
  }
}

export const NOT_NOW: ControlError = new ControlError('state', 'The alert a1 is over already.')
export const WRONGLY: ControlError = new ControlError('asked', '"x" is no matcher.')
