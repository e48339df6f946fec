import type { JSX } from 'preact'

import { ChartView } from '../chart/chart-view.tsx'
import { Link, serviceRoute } from '../parts/link.tsx'
import { Loaded } from '../parts/loaded.tsx'
import type { Forecast, TrendRow, Trends } from '../../protocol.ts'
import { useResource } from '../state/resource.ts'
import { services, session } from '../state/store.ts'
import { stay } from '../state/where.ts'
import { texts } from '../texts.ts'
import { forecastText } from './forecast-text.ts'

const words = texts.trends
const EVERY_MS = 60_000
const DAY_MS = 86_400_000

interface TrendsScreenProps {
  readonly range: '24h' | '30d'
  readonly service?: string
}

export function TrendsScreen({ range, service }: TrendsScreenProps): JSX.Element {
  const of = service === undefined ? {} : { service }
  const query = new URLSearchParams({ range, ...of }).toString()
  const trends = useResource<Trends>(`trends?${query}`, EVERY_MS)
  const names = services.value.map((row) => row.service).toSorted()
  return (
    <>
      <h1>{words.title}</h1>
      <div class="controls">
        <nav class="chips" aria-label={words.range}>
          <Link class="chip" to={{ screen: 'trends', range: '24h', ...of }} current={range === '24h'}>
            {words.ranges['24h']}
          </Link>
          {session.value?.prometheus && (
            <Link class="chip" to={{ screen: 'trends', range: '30d', ...of }} current={range === '30d'}>
              {words.ranges['30d']}
            </Link>
          )}
        </nav>
        {session.value?.prometheus === false && <span class="quiet small">{words.no30}</span>}
        <label>
          {words.service}{' '}
          <select
            value={service ?? ''}
            onChange={({ currentTarget: { value } }) => stay({ screen: 'trends', range, ...(value !== '' && { service: value }) })}
          >
            <option value="">{words.all}</option>
            {names.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Loaded of={trends}>{(loaded) => <Shown trends={loaded} />}</Loaded>
    </>
  )
}

function Shown({ trends: { rows, source, trouble, range, servicesLeftOut = 0 } }: { readonly trends: Trends }): JSX.Element {
  return (
    <>
      {trouble !== undefined && <p class="trouble">{trouble}</p>}
      {rows.length === 0 ? <p class="quiet">{words.empty}</p> : <p class="quiet small">{words.source[source]}</p>}
      {rows.map((row) => (
        <Row key={row.service} row={row} range={range} />
      ))}
      {servicesLeftOut > 0 && <p class="quiet">{words.more(servicesLeftOut)}</p>}
    </>
  )
}

function Row({ row: { service, charts, forecasts }, range }: { readonly row: TrendRow; readonly range: Trends['range'] }): JSX.Element {
  const last = Math.max(0, ...charts.map(({ times }) => times.at(-1) ?? 0)) * 1000
  return (
    <section class="trend">
      <h2>
        <Link to={serviceRoute(service)}>{service}</Link>
      </h2>
      {forecasts.length > 0 && (
        <ul class="roots" aria-label={words.forecasts}>
          {forecasts.map((forecast: Forecast) => (
            <li key={forecast.figure}>{forecastText(forecast)}</li>
          ))}
        </ul>
      )}
      <div class="charts">
        {charts.map((chart) => (
          <ChartView key={chart.figure} chart={chart} from={last - DAY_MS * (range === '30d' ? 30 : 1)} to={last} />
        ))}
      </div>
    </section>
  )
}
