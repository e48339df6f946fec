/** The data side of the panel: one subscriber, one connection for questions and actions, and what pages are answered from. */
import { systemClock } from '../../clock.ts'
import { HealthControl } from '../../control/health-control.ts'
import { HealthSubscriber } from '../../subscribe/health-subscriber.ts'
import { within } from '../../subscribe/redis-questions.ts'
import type { Clock } from '../../types.ts'
import { parseAlertDocument } from '../../wire/alert-document.ts'
import { isAction } from '../../wire/control-request.ts'
import { allShards, isServiceName, shardOf, type ShardNames } from '../../wire/names.ts'
import { createReader, type RedisClient, type RedisTarget } from '../../wire/redis-client.ts'
import type { Actor, ExportFormat, ExportKind, Feed, PanelData } from '../panel-data.ts'
import type { ControlFacts } from '../control-protocol.ts'
import type {
  Action,
  ActionAnswer,
  ActionRequest,
  AlertRow,
  AlertTimeline,
  AuditRow,
  Bars,
  DependencyMap,
  EpisodeRow,
  ServiceDetail,
  ServiceHistory,
  SilenceRow,
  Trends,
} from '../protocol.ts'
import { acting } from './acting.ts'
import { alertRow } from './alert-row.ts'
import { alertTimeline } from './alert-timeline.ts'
import { askService } from './ask-service.ts'
import { AskedServices } from './asked-services.ts'
import { auditRows, MOST_AUDIT, type AuditFilter } from './audit-rows.ts'
import { controlFacts, nameNeededFor } from './control-facts.ts'
import { dependencyMap } from './dependency-map.ts'
import { episodesOf } from './episodes.ts'
import { historyLines } from './export-history.ts'
import { auditLines, transitionLines } from './export-lines.ts'
import { LEAST_MS, LiveFeed } from './live-feed.ts'
import { NowRows } from './now-rows.ts'
import { Prometheus } from './prometheus.ts'
import { Remembered } from './remembered.ts'
import { requestRow } from './request-row.ts'
import { ServiceBars } from './service-bars.ts'
import { serviceDetail } from './service-detail.ts'
import { serviceHistory } from './service-history.ts'
import { silenceRow } from './silence-row.ts'
import { ToldTargets } from './told-targets.ts'
import { TransitionTail, type Tail } from './transition-tail.ts'
import { trends } from './trends.ts'
import { Turns } from '../turns.ts'

export interface PanelDataOptions {
  readonly connection: RedisTarget
  /** Is asked for trends of thirty days. */
  readonly prometheusUrl?: string
  /** Base of the Grafana that has the dashboards, to link to. */
  readonly grafanaUrl?: string
  /** As the services have it, HEALTH_RETENTION_HOURS: how long history and alerts are kept. Default 24. */
  readonly retentionHours?: number
  readonly clock?: Clock
}

const TIMEOUT_MS = 3000
const HISTORY_KEPT = { keptMs: 15_000, most: 20 }
const TRENDS_KEPT = { keptMs: 60_000, most: 20 }
/** Histories that are read at a time. */
const HISTORIES_AT_ONCE = 2
const LONGEST_ID = 128
/** Of which it is said how long they took. */
const MOST_REQUESTS = 50

/** Throws one sentence if the address of the Prometheus is none. */
export function createPanelData(options: PanelDataOptions): PanelData {
  return new RedisPanelData(options)
}

class RedisPanelData implements PanelData {
  readonly feed: Feed
  readonly #options: PanelDataOptions
  readonly #clock: Clock
  readonly #subscriber: HealthSubscriber
  readonly #live: LiveFeed
  readonly #rows = new NowRows((service) => this.#connected?.asked.of(service))
  readonly #shards: readonly ShardNames[]
  readonly #prometheus: Prometheus | undefined
  readonly #history: Remembered<ServiceHistory>
  readonly #trends: Remembered<Trends>
  readonly #turns = new Turns(HISTORIES_AT_ONCE)
  #connected: Connected | undefined

  constructor(options: PanelDataOptions) {
    const { connection, prometheusUrl, clock = systemClock } = options
    this.#options = options
    this.#clock = clock
    this.#shards = allShards(connection.shards, connection.hmacKey)
    this.#prometheus = prometheusUrl === undefined ? undefined : new Prometheus(prometheusUrl)
    this.#subscriber = new HealthSubscriber({ connection, clock, viewMs: LEAST_MS })
    this.feed = this.#live = new LiveFeed({ subscriber: this.#subscriber, clock, rows: this.#rows })
    this.#history = new Remembered(clock, HISTORY_KEPT)
    this.#trends = new Remembered(clock, TRENDS_KEPT)
  }

  async start(): Promise<void> {
    await this.#subscriber.start()
    try {
      this.#connected = await this.#connect()
    } catch (error) {
      await this.#subscriber.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#live.stop()
    this.#connected?.asked.stop()
    this.#connected?.client.disconnect()
    this.#connected = undefined
    await this.#subscriber.stop()
  }

  service(name: string): ServiceDetail | undefined {
    const { now } = this.#live
    const { grafanaUrl } = this.#options
    return serviceDetail(name, { view: this.#subscriber.view, now, dependencies: this.#rows.dependencies, grafanaUrl })
  }

  async controlFacts(service: string): Promise<ControlFacts | undefined> {
    const detail = this.service(service)
    if (!detail) return undefined
    const { control } = this.#redis
    const [requests, down] = await Promise.all([control.requests(service, MOST_REQUESTS), control.down(service)])
    return controlFacts(requests.map(requestRow), detail.instances, down)
  }

  async history(service: string, hours: 1 | 6 | 24): Promise<ServiceHistory | undefined> {
    const detail = this.service(service)
    if (!detail) return undefined
    const { client, tail } = this.#redis
    return await this.#history.get(`${service} ${hours}`, () =>
      this.#turns.take(() => {
        const { at, services } = this.#subscriber.view
        const instances = services.find((each) => each.service === service)?.instances ?? []
        return serviceHistory(service, hours, { client, tail, names: this.#namesOf(service), at, instances, detail })
      }),
    )
  }

  async episodes(service: string): Promise<readonly EpisodeRow[]> {
    return episodesOf(await this.#redis.tail(), service)
  }

  bars(services: readonly string[]): Promise<Bars> {
    return this.#redis.bars.of(services)
  }

  async timeline(alertId: string, episode?: number): Promise<AlertTimeline | undefined> {
    if (alertId === '' || alertId.length > LONGEST_ID) return undefined
    const { tail, told } = this.#redis
    const [{ transitions, knownSince }, document, audit] = await Promise.all([
      tail(),
      this.#documentOf(alertId),
      this.audit({ count: MOST_AUDIT, alert: alertId }),
    ])
    const own = transitions.filter((each) => each.alertId === alertId)
    const service = document?.service ?? own.at(-1)?.service
    if (service === undefined) return undefined
    const rule = document?.rule ?? own.at(-1)?.rule
    const facts = { document, transitions: own, knownSince, audit, told: await told.of(this.#namesOf(service), alertId) }
    return alertTimeline({ ...facts, rule: this.service(service)?.rules?.find((each) => each.rule === rule) }, episode)
  }

  map(): DependencyMap {
    const { now } = this.#live
    return dependencyMap(this.#subscriber.view, now, this.#rows.dependencies)
  }

  async trends(range: '24h' | '30d', service?: string): Promise<Trends> {
    const { client } = this.#redis
    return await this.#trends.get(`${range} ${service ?? ''}`, () =>
      trends(range, service, {
        ...{ client, turns: this.#turns, prometheus: this.#prometheus, rows: this.#live.now.services },
        at: this.#subscriber.view.at,
        namesOf: (name) => this.#namesOf(name),
        detailOf: (name) => this.service(name),
      }),
    )
  }

  async silences(): Promise<readonly SilenceRow[]> {
    const silences = await this.#redis.control.silences()
    const { alerts, at } = this.#subscriber.view
    return silences.map((silence) => silenceRow(silence, alerts, at))
  }

  async audit(filter: AuditFilter): Promise<readonly AuditRow[]> {
    const isFiltered = filter.service !== undefined || filter.alert !== undefined
    return auditRows(await this.#redis.control.audit(isFiltered ? MOST_AUDIT : Math.min(filter.count, MOST_AUDIT)), filter)
  }

  async *export(kind: ExportKind, format: ExportFormat, service?: string): AsyncGenerator<string> {
    const { client } = this.#redis
    if (kind === 'alerts') yield* transitionLines(client, this.#shards, format)
    else if (kind === 'audit') yield* auditLines(client, this.#shards, format)
    else if (isServiceName(service)) yield* historyLines(client, this.#namesOf(service).history(service), format)
  }

  async act(action: Action, request: ActionRequest, actor: Actor): Promise<ActionAnswer> {
    const { control, asked } = this.#redis
    if (isAction(action)) {
      const { service = '' } = request
      const answer = await askService(control, action, request, actor, nameNeededFor(this.service(service)?.instances ?? []))
      await asked.look(service)
      return answer
    }
    const answer = await acting(control, action, request, actor)
    // That a service has left the lists is told by nobody.
    if (action === 'forget') void this.#subscriber.refresh()
    return answer
  }

  async #documentOf(alertId: string): Promise<AlertRow | undefined> {
    const { client } = this.#redis
    const found = await Promise.all(
      this.#shards.map(async (names) => {
        const [rev, document] = await client.hmget(names.alert(alertId), 'rev', 'doc')
        return parseAlertDocument(rev, document, names.hmacKey)
      }),
    )
    const alert = found.find((each) => each?.alert_id === alertId)
    return alert && alertRow(alert)
  }

  get #redis(): Connected {
    if (!this.#connected) throw new Error('The panel has not been started, or has been stopped.')
    return this.#connected
  }

  #namesOf(service: string): ShardNames {
    const { shards = 1, hmacKey } = this.#options.connection
    return shardOf(service, shards, hmacKey)
  }

  async #connect(): Promise<Connected> {
    const { connection, retentionHours = 24 } = this.#options
    const clock = this.#clock
    const client = await createReader(connection, { timeoutMs: TIMEOUT_MS, reconnect: true })
    // The subscriber says when Redis is away.
    client.on('error', () => {})
    await within(client.connect(), { clock, timeoutMs: TIMEOUT_MS }).catch((error: unknown) => {
      client.disconnect()
      throw error
    })
    const now = () => this.#live.now.at
    const transitions = new TransitionTail(client, this.#shards, retentionHours, now)
    const tail = () => transitions.read()
    const statusOf = (service: string) => this.#live.rowOf(service)?.status
    const { shards = 1, hmacKey } = connection
    const control = new HealthControl({ client, shards, hmacKey, retentionHours })
    const services = () => this.#subscriber.view.services.map(({ service }) => service)
    return {
      ...{ client, tail, control },
      asked: new AskedServices({ control, clock, services, now, isWanted: () => this.#live.isWanted }),
      bars: new ServiceBars({ client, clock, tail, now, statusOf, namesOf: (service) => this.#namesOf(service) }),
      told: new ToldTargets(client, clock),
    }
  }
}

interface Connected {
  readonly client: RedisClient
  readonly control: HealthControl
  readonly asked: AskedServices
  readonly tail: () => Promise<Tail>
  readonly bars: ServiceBars
  readonly told: ToldTargets
}
