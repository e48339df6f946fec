/** Charts of a service over the last hours; which hours says the address. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

import { ChartView } from '../chart/chart-view.tsx'
import { Link } from '../parts/link.tsx'
import { Loaded } from '../parts/loaded.tsx'
import type { ServiceHistory } from '../../protocol.ts'
import type { Hours } from '../route/route.ts'
import { dayAndTime } from '../show/when.ts'
import { useResource } from '../state/resource.ts'
import { texts } from '../texts.ts'

const words = texts.service
const CHOICES: readonly Hours[] = [1, 6, 24]
const EVERY_MS = 30_000
/** The server sends what matters most first. */
const AT_FIRST = 4

export function History({ service, hours }: { readonly service: string; readonly hours: Hours }): JSX.Element {
  const history = useResource<ServiceHistory>(`services/${encodeURIComponent(service)}/history?hours=${hours}`, EVERY_MS)
  return (
    <section>
      <div class="bar-of-title">
        <h2>{words.charts}</h2>
        <nav class="chips" aria-label={words.hoursLabel}>
          {CHOICES.map((each) => (
            <Link key={each} class="chip" to={{ screen: 'service', service, hours: each }} current={each === hours}>
              {words.hours(each)}
            </Link>
          ))}
        </nav>
        <span class="quiet small">{words.spans}</span>
      </div>
      <Loaded of={history}>{(loaded) => <Charts history={loaded} />}</Loaded>
    </section>
  )
}

function Charts({ history }: { readonly history: ServiceHistory }): JSX.Element {
  const { from, to, charts, spans, restarts, since, instancesLeftOut = 0 } = history
  const [isAll, setAll] = useState(false)
  const shown = isAll ? charts : charts.slice(0, AT_FIRST)
  if (charts.length === 0) return <p class="quiet">{words.noHistory}</p>
  return (
    <>
      {since !== undefined && <p class="quiet small">{words.since(dayAndTime(since))}</p>}
      {instancesLeftOut > 0 && <p class="quiet small">{words.linesLeftOut(instancesLeftOut)}</p>}
      <div class="charts">
        {shown.map((chart) => (
          <ChartView key={chart.figure} chart={chart} from={from} to={to} spans={spans} restarts={restarts} />
        ))}
      </div>
      {charts.length > AT_FIRST && (
        <p class="after-charts">
          <button type="button" aria-expanded={isAll} onClick={() => setAll(!isAll)}>
            {isAll ? words.fewerCharts : words.moreCharts(charts.length - AT_FIRST)}
          </button>
        </p>
      )}
    </>
  )
}
