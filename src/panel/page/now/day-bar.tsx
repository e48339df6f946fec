/** A day of a service at a glance, and its last hour. */
import type { JSX } from 'preact'

import type { Bar } from '../../protocol.ts'
import { hoursIn, piecesOf } from '../show/bar.ts'
import { keyFigure } from '../show/figures.ts'
import { sparkPath } from '../show/spark.ts'
import { texts } from '../texts.ts'

const words = texts.now

export function DayBar({ bar }: { readonly bar: Bar | undefined }): JSX.Element {
  if (!bar) return <span class="bar empty" />
  const { quarters } = bar
  const parts = hoursIn(quarters).map(({ status, hours }) => words.dayPart(status === null ? words.notKnown : texts.status[status], hours))
  const says = words.dayBar(parts)
  return (
    <svg class="bar" viewBox={`0 0 ${quarters.length} 20`} preserveAspectRatio="none" role="img" aria-label={says}>
      <title>{says}</title>
      {piecesOf(quarters).map(({ status, from, length }) => (
        <rect
          key={from}
          class={`fill-${status ?? 'nothing'}`}
          x={from}
          y={heightOf(status)}
          width={length}
          height={20 - heightOf(status)}
        />
      ))}
    </svg>
  )
}

/** The worse, the higher: it is seen without colours, too. */
function heightOf(status: Bar['quarters'][number]): number {
  if (status === 'unhealthy') return 0
  if (status === 'degraded') return 5
  return status === null ? 17 : status === 'healthy' ? 12 : 9
}

const WIDTH = 90
const HEIGHT = 22

export function Spark({ bar }: { readonly bar: Bar | undefined }): JSX.Element {
  const { spark } = bar ?? {}
  const values = (spark?.values ?? []).filter((value): value is number => value !== null)
  if (!spark || values.length === 0) return <span class="spark empty" title={bar ? words.sparkUnknown : undefined} />
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => keyFigure(spark.figure, value)) as [string, string]
  const says = words.spark(texts.figures[spark.figure], low, high)
  return (
    <svg class="spark" viewBox={`-1 -1 ${WIDTH + 2} ${HEIGHT + 2}`} preserveAspectRatio="none" role="img" aria-label={says}>
      <title>{says}</title>
      <path d={sparkPath(spark.values, WIDTH, HEIGHT)} vector-effect="non-scaling-stroke" />
    </svg>
  )
}
