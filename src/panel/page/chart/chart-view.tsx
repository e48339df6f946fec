/** One chart: drawn, in words, and as a table. */
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

import type { Chart, Span } from '../../protocol.ts'
import { withUnit } from '../show/figures.ts'
import { dayAndTime } from '../show/when.ts'
import { texts } from '../texts.ts'
import { extentOf, rowsOf } from './band.ts'
import type { Drawing, Drawn } from './draw.ts'
import { figureName } from './figure-name.ts'

const words = texts.chart
const MOST_ROWS = 60

interface ChartViewProps {
  readonly chart: Chart
  /** Epoch milliseconds. */
  readonly from: number
  readonly to: number
  readonly spans?: readonly Span[]
  readonly restarts?: readonly { readonly at: number; readonly instance: string }[]
}

export function ChartView({ chart, from, to, spans = [], restarts = [] }: ChartViewProps): JSX.Element {
  const [isTable, setTable] = useState(false)
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const [place, setPlace] = useState<number | null>(null)
  const name = figureName(chart.figure)
  const toggle = (line: string): void => {
    const next = new Set(hidden)
    if (!next.delete(line)) next.add(line)
    setHidden(next)
  }
  const lines = chart.lines.map(({ name: line, values }) => {
    const extent = extentOf(values)
    const [low, high, last] = [extent?.low, extent?.high, extent?.last].map((value) => withUnit(value, chart.unit)) as [
      string,
      string,
      string,
    ]
    return extent ? words.line(line, low, high, last) : `${line}: ${words.nothing}`
  })
  const restartsShown = restarts.filter(({ at }) => at >= from && at <= to)
  return (
    <figure class="chart">
      <figcaption>
        <strong>{name}</strong>
        {chart.limits.map(({ severity, value }) => (
          <span key={severity + value} class="quiet small">
            {words.limit(severity, withUnit(value, chart.unit))}
          </span>
        ))}
        <button type="button" class="small" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          {isTable ? words.asChart : words.asTable}
        </button>
      </figcaption>
      {isTable ? (
        <ChartTable chart={chart} name={name} />
      ) : (
        <>
          <div role="img" aria-label={words.summary(name, lines, spans.length, restartsShown.length)}>
            <Canvas chart={chart} from={from} to={to} spans={spans} restarts={restartsShown} hidden={hidden} onPoint={setPlace} />
          </div>
          <Legend chart={chart} hidden={hidden} place={place} onToggle={toggle} />
        </>
      )}
    </figure>
  )
}

function Canvas(drawing: Drawing): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const drawn = useRef<Drawn>(undefined)
  const latest = useRef(drawing)
  latest.current = drawing
  useEffect(() => {
    let isGone = false
    void import('./draw.ts').then(({ draw }) => {
      if (!isGone && box.current) drawn.current = draw(box.current, latest.current)
    })
    return () => {
      isGone = true
      drawn.current?.destroy()
      drawn.current = undefined
    }
  }, [])
  useEffect(() => drawn.current?.update(drawing), [drawing.chart, drawing.from, drawing.to, drawing.hidden])
  return <div ref={box} class="canvas" />
}

interface LegendProps {
  readonly chart: Chart
  readonly hidden: ReadonlySet<string>
  readonly place: number | null
  readonly onToggle: (line: string) => void
}

/** The values pointed at, else the last ones. */
function Legend({ chart: { times, lines, unit }, hidden, place, onToggle }: LegendProps): JSX.Element {
  return (
    <div class="legend" role="group" aria-label={words.legend}>
      {lines.map(({ name, values }, i) => (
        <button key={name} type="button" class="chip small" aria-pressed={!hidden.has(name)} onClick={() => onToggle(name)}>
          <span class={`swatch line-${(i % 8) + 1}`} />
          {name} <span class="quiet">{withUnit(place === null ? extentOf(values)?.last : values[place], unit)}</span>
        </button>
      ))}
      <span class="quiet small">{place === null || times[place] === undefined ? '' : dayAndTime(times[place] * 1000)}</span>
    </div>
  )
}

function ChartTable({ chart: { times, lines, unit }, name }: { readonly chart: Chart; readonly name: string }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={name}>
      <table>
        <caption class="hidden">{name}</caption>
        <thead>
          <tr>
            <th scope="col">{words.time}</th>
            {lines.map((line) => (
              <th key={line.name} scope="col">
                {line.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowsOf(times, MOST_ROWS).map((i) => (
            <tr key={i}>
              <th scope="row">{dayAndTime(times[i]! * 1000)}</th>
              {lines.map((line) => (
                <td key={line.name}>{withUnit(line.values[i], unit)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
