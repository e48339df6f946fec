/** Draws a chart with uPlot. Loaded only by screens that have charts. */
import uPlot from 'uplot'

import type { Chart, Span } from '../../protocol.ts'
import { number, withUnit } from '../show/figures.ts'
import { dayAndTime, timeOfDay } from '../show/when.ts'
import { bandsOf } from './band.ts'

export interface Drawing {
  readonly chart: Chart
  /** Epoch milliseconds. */
  readonly from: number
  readonly to: number
  readonly spans: readonly Span[]
  readonly restarts: readonly { readonly at: number }[]
  /** Names of lines that are not drawn. */
  readonly hidden: ReadonlySet<string>
  /** Which place in `times` is pointed at; `null`: none. */
  readonly onPoint: (place: number | null) => void
}

export interface Drawn {
  /** Of the same lines. */
  update(drawing: Drawing): void
  destroy(): void
}

const HEIGHT = 190
/** Lines are told apart without colours, too. */
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [8, 3, 2, 3]]
const COLOURS = 8

function colourName(line: number): string {
  return `--line-${(line % COLOURS) + 1}`
}

export function draw(box: HTMLElement, first: Drawing): Drawn {
  let drawing = first
  let plot: uPlot | undefined
  const make = (): void => {
    plot?.destroy()
    plot = new uPlot(
      optionsFor(box, () => drawing),
      dataOf(drawing),
      box,
    )
  }
  make()
  const resized = new ResizeObserver(() => {
    if (plot && box.clientWidth > 0 && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: HEIGHT })
  })
  resized.observe(box)
  // A canvas does not change its colours by itself.
  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', make)
  return {
    update(next) {
      const isSame = next.chart.lines.map(({ name }) => name).join('\n') === drawing.chart.lines.map(({ name }) => name).join('\n')
      const isShown = next.hidden === drawing.hidden
      drawing = next
      if (isSame && isShown) plot?.setData(dataOf(next))
      else make()
    },
    destroy() {
      resized.disconnect()
      dark.removeEventListener('change', make)
      plot?.destroy()
    },
  }
}

function dataOf({ chart }: Drawing): uPlot.AlignedData {
  return [chart.times, ...chart.lines.map(({ values }) => values)] as uPlot.AlignedData
}

function optionsFor(box: HTMLElement, current: () => Drawing): uPlot.Options {
  const { chart, hidden } = current()
  const style = getComputedStyle(box)
  const colour = (name: string): string => resolved(box, name)
  const axis = {
    stroke: colour('--quiet'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  }
  const range = (): [number, number] => [current().from / 1000, current().to / 1000]
  return {
    width: Math.max(200, box.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: true, range }, y: { range: (_plot, low, high) => rangeOf(low, high, chart.unit) } },
    axes: [
      { ...axis, size: 30, values: (_plot, times) => times.map(timeLabel) },
      {
        ...axis,
        size: 64,
        values: (_plot, values) =>
          values.map((value) => (chart.unit === 'ms' || chart.unit === 's' ? withUnit(value, chart.unit) : number(value))),
      },
    ],
    series: [
      {},
      ...chart.lines.map(({ name }, i) => ({
        label: name,
        show: !hidden.has(name),
        stroke: colour(colourName(i)),
        width: 1.5,
        dash: [...DASHES[Math.floor(i / COLOURS) % DASHES.length]!],
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      drawClear: [(plot) => drawBehind(plot, current(), colour)],
      draw: [(plot) => drawLimits(plot, current(), colour)],
      setCursor: [({ cursor }) => current().onPoint(cursor.idx ?? null)],
    },
  }
}

/** From 0 where that is near; what is all the same has room above and below. */
function rangeOf(low: number | null, high: number | null, unit: string): [number, number] {
  if (low === null || high === null) return [0, 1]
  const bottom = low >= 0 && low < high * 0.6 ? 0 : low
  const top = unit === '%' && high <= 100 && high > 90 ? 100 : high
  const room = (top - bottom) * 0.06 || Math.abs(top) * 0.1 || 1
  return [bottom === 0 ? 0 : bottom - room, top + (unit === '%' && top === 100 ? 0 : room)]
}

function timeLabel(seconds: number): string {
  const at = seconds * 1000
  const date = new Date(at)
  return date.getHours() === 0 && date.getMinutes() === 0 ? dayAndTime(at).replace(/,? 00:00$/, '') : timeOfDay(at)
}

/** Alerts as bands, and restarts as dashed lines. */
function drawBehind(plot: uPlot, { from, to, spans, restarts }: Drawing, colour: (name: string) => string): void {
  const { ctx, bbox } = plot
  const x = (at: number): number => plot.valToPos(at / 1000, 'x', true)
  ctx.save()
  ctx.globalAlpha = 0.18
  for (const { severity, left, width } of bandsOf(spans, from, to, x)) {
    ctx.fillStyle = colour(severity === 'CRITICAL' ? '--unhealthy' : '--degraded')
    ctx.fillRect(left, bbox.top, width, bbox.height)
  }
  ctx.globalAlpha = 1
  ctx.strokeStyle = colour('--edge')
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio])
  for (const { at } of restarts) {
    if (at < from || at > to) continue
    ctx.beginPath()
    ctx.moveTo(x(at), bbox.top)
    ctx.lineTo(x(at), bbox.top + bbox.height)
    ctx.stroke()
  }
  ctx.restore()
}

/** A limit that is far from all lines is not drawn: it would press them flat. The words beside the chart name it. */
function drawLimits(plot: uPlot, { chart }: Drawing, colour: (name: string) => string): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([2 * devicePixelRatio, 2 * devicePixelRatio])
  for (const { severity, value } of chart.limits) {
    const y = plot.valToPos(value, 'y', true)
    if (y < bbox.top || y > bbox.top + bbox.height) continue
    ctx.strokeStyle = colour(severity === 'CRITICAL' ? '--unhealthy' : '--degraded')
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
  }
  ctx.restore()
}

/** `light-dark()` as the colour that it is here and now, which a canvas needs. */
function resolved(box: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  box.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
