import type { ComponentChildren, JSX } from 'preact'

import { ActButton } from '../actions/act-button.tsx'
import { meant } from '../actions/matchers-for.ts'
import { ControlSection } from '../control/control-section.tsx'
import { DeedTable } from '../journal/deed-table.tsx'
import { AlertCards } from '../now/alert-card.tsx'
import { Crumb } from '../parts/crumb.tsx'
import { Elsewhere, Link, serviceRoute } from '../parts/link.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { StatusMark } from '../parts/mark.tsx'
import { Ago, For } from '../parts/when.tsx'
import type { AuditRow, EpisodeRow, KeyFigure, ServiceDetail } from '../../protocol.ts'
import type { Hours } from '../route/route.ts'
import { keyFigure, NOTHING } from '../show/figures.ts'
import { addressOfApi } from '../state/api.ts'
import { useResource } from '../state/resource.ts'
import { known } from '../state/store.ts'
import { texts } from '../texts.ts'
import { EpisodeTable } from './episode-table.tsx'
import { History } from './history.tsx'
import { CheckTable, InstanceTable } from './part-tables.tsx'
import { RuleTable } from './rule-table.tsx'
import { FigureList } from './figure-list.tsx'

const words = texts.service
const EVERY_MS = 5000
const SELDOM_MS = 60_000

export function ServiceScreen({ service, hours }: { readonly service: string; readonly hours: Hours }): JSX.Element {
  const path = `services/${encodeURIComponent(service)}`
  // What is live of it says when to ask for the rest.
  const live = known.value?.services.get(service)
  const alerts = [...(known.value?.alerts.values() ?? [])].filter((alert) => alert.service === service)
  const asked = live?.control?.requests.map(({ id, state }) => id + state).join(' ')
  const phases = JSON.stringify(live?.phases)
  const news = `${live?.status} ${live?.since} ${live?.live} ${live?.missing} ${phases} ${asked} ${alerts.map(({ id, rev }) => id + rev).join(' ')}`
  const detail = useResource<ServiceDetail>(path, EVERY_MS, news)
  const episodes = useResource<readonly EpisodeRow[]>(`${path}/alerts`, SELDOM_MS, alerts.length)
  const deeds = useResource<readonly AuditRow[]>(`audit?count=20&service=${encodeURIComponent(service)}`, SELDOM_MS, news)
  return (
    <>
      <Crumb of={words.crumb} name={service}>
        <ActButton action="silence" of={{ action: 'silence', matchers: [`service=${meant(service)}`] }} />
        <ActButton action="maintenance" of={{ action: 'maintenance', matchers: [`service=${meant(service)}`] }} />
        <ActButton action="forget" of={{ action: 'forget', service }} {...(live && live.live > 0 && { not: words.isAlive })} />
      </Crumb>
      <Loaded of={detail} missing={words.unknown(service)}>
        {(loaded) => (
          <Detail detail={{ ...loaded, row: live ?? loaded.row, alerts: known.value ? alerts : loaded.alerts }} news={news}>
            <History service={service} hours={hours} />
          </Detail>
        )}
      </Loaded>
      {detail.error?.status !== 404 && (
        <>
          <section>
            <h2>{words.episodes}</h2>
            <Loaded of={episodes}>{(rows) => <EpisodeTable rows={rows} />}</Loaded>
          </section>
          <section>
            <h2>{words.deeds}</h2>
            <Loaded of={deeds}>{(rows) => (rows.length === 0 ? <p class="quiet">{words.noDeeds}</p> : <DeedTable rows={rows} />)}</Loaded>
          </section>
        </>
      )}
    </>
  )
}

const FIGURES: readonly KeyFigure[] = ['rate', 'success', 'p95', 'due']

interface DetailProps {
  readonly detail: ServiceDetail
  /** Is another when there is something new of it. */
  readonly news: string
  readonly children: ComponentChildren
}

function Detail({ detail, news, children }: DetailProps): JSX.Element {
  const { row, alerts, instances, checks, rules, dependsOn, neededBy, metrics, unknown, problems, grafanaUrl } = detail
  return (
    <>
      <section class="facts" data-service={row.service}>
        <p class="big">
          <StatusMark status={row.status} /> {row.since !== undefined && <For at={row.since} />}
        </p>
        {FIGURES.map((figure) => (
          <p key={figure} class="fact">
            <span class="quiet">{texts.figures[figure]}</span>
            <strong title={row.unknown?.[figure]}>{keyFigure(figure, row[figure])}</strong>
            {row[figure] === null && row.unknown?.[figure] !== undefined && <span class="quiet small">{row.unknown[figure]}</span>}
          </p>
        ))}
        <p class="fact">
          <span class="quiet">{texts.now.columns.beat}</span>
          <strong>{row.beatAt === undefined ? NOTHING : <Ago at={row.beatAt} />}</strong>
        </p>
        <p class="links">
          {grafanaUrl !== undefined && <Elsewhere href={grafanaUrl}>{words.grafana}</Elsewhere>}
          <span>
            {words.export}: <Export of={row.service} format="ndjson" /> <Export of={row.service} format="csv" />
          </span>
        </p>
      </section>
      {(row.cause !== undefined || row.reasons.length > 0) && (
        <ul class="why">
          {[...(row.cause === undefined ? [] : [row.cause]), ...row.reasons].map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {problems.length > 0 && (
        <div class="trouble">
          {words.problems}:
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </div>
      )}
      {alerts.length > 0 && (
        <section class="alerts">
          <h2>{texts.now.alerts}</h2>
          <AlertCards of={alerts} />
        </section>
      )}
      <ControlSection detail={detail} news={news} />
      <section>
        <h2>{words.rules}</h2>
        {rules ? <RuleTable rules={rules} /> : <p class="quiet">{words.rulesOld}</p>}
      </section>
      {children}
      <div class="columns">
        <section>
          <h2>{words.dependsOn}</h2>
          {dependsOn.length === 0 && <p class="quiet">{words.nothing}</p>}
          <ul class="plain">
            {dependsOn.map(({ name, status, reason, through }) => (
              <li key={name}>
                <StatusMark status={status} /> <Known name={name} />{' '}
                {through.length > 0 && <span class="quiet small">{words.through(through)}</span>}
                {reason !== undefined && <span class="reason">{reason}</span>}
              </li>
            ))}
          </ul>
        </section>
        <section>
          <h2>{words.neededBy}</h2>
          {neededBy.length === 0 && <p class="quiet">{words.nothing}</p>}
          <ul class="plain">
            {neededBy.map((name) => (
              <li key={name}>
                <Known name={name} />
              </li>
            ))}
          </ul>
        </section>
      </div>
      <section>
        <h2>{words.checks}</h2>
        {checks.length === 0 ? <p class="quiet">{words.noChecks}</p> : <CheckTable rows={checks} />}
      </section>
      <section>
        <h2>{words.instances}</h2>
        <InstanceTable rows={instances} service={row} />
      </section>
      <FigureList metrics={metrics} unknown={unknown} />
    </>
  )
}

/** A name that may be that of a service: then it leads there. */
function Known({ name }: { readonly name: string }): JSX.Element {
  return known.value?.services.has(name) ? <Link to={serviceRoute(name)}>{name}</Link> : <span>{name}</span>
}

function Export({ of, format }: { readonly of: string; readonly format: 'ndjson' | 'csv' }): JSX.Element {
  return (
    <a href={addressOfApi(`export/history?format=${format}&service=${encodeURIComponent(of)}`)} download>
      {format.toUpperCase()}
    </a>
  )
}
