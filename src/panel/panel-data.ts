/** What the panel's pages are answered from. One for all browsers; the HTTP side knows nothing of Redis, and this side nothing of HTTP. */
import type { ControlFacts } from './control-protocol.ts'
import type {
  Action,
  ActionAnswer,
  ActionRequest,
  AlertTimeline,
  AuditRow,
  Bars,
  DependencyMap,
  EpisodeRow,
  Now,
  ServiceDetail,
  ServiceHistory,
  SilenceRow,
  Trends,
} from './protocol.ts'

/** One event of the live stream, encoded once for all who listen. */
export interface FeedEvent {
  readonly id: string
  readonly event: 'change' | 'transition'
  readonly json: string
}

export interface Feed {
  /** Everything as it stands, with the id after which events go on. `json` is a Now. */
  latest(): { readonly id: string; readonly json: string; readonly now: Now }
  /** What came after that event; `undefined`: too long ago, or of another run of the panel. */
  after(id: string): readonly FeedEvent[] | undefined
  /** Calls `listener` on every event until what is returned is called. An event comes at least once a second while anybody listens. */
  listen(listener: (event: FeedEvent) => void): () => void
}

export type ExportFormat = 'ndjson' | 'csv'
/** What can be exported: minutes of a service, transitions of all alerts, actions of people. */
export type ExportKind = 'history' | 'alerts' | 'audit'

/** Who does something, and from where: as the audit says it. */
export interface Actor {
  readonly by: string
  readonly from: string
}

/** Methods that ask Redis reject with its error; those of services and alerts that nobody knows answer `undefined`. */
export interface PanelData {
  readonly feed: Feed
  /** Rejects if the health Redis cannot be reached. Afterwards it goes on by itself. */
  start(): Promise<void>
  stop(): Promise<void>
  service(name: string): ServiceDetail | undefined
  controlFacts(service: string): Promise<ControlFacts | undefined>
  history(service: string, hours: 1 | 6 | 24): Promise<ServiceHistory | undefined>
  episodes(service: string): Promise<readonly EpisodeRow[]>
  bars(services: readonly string[]): Promise<Bars>
  timeline(alertId: string, episode?: number): Promise<AlertTimeline | undefined>
  map(): DependencyMap
  trends(range: '24h' | '30d', service?: string): Promise<Trends>
  silences(): Promise<readonly SilenceRow[]>
  audit(filter: { readonly count: number; readonly service?: string; readonly alert?: string }): Promise<readonly AuditRow[]>
  /** Lines, each with its end; `service` for `history`. */
  export(kind: ExportKind, format: ExportFormat, service?: string): AsyncIterable<string>
  /** Rejects with a ControlError where nothing at all could be done. */
  act(action: Action, request: ActionRequest, actor: Actor): Promise<ActionAnswer>
}
