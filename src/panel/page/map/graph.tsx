/** The map, drawn: who depends stands above what it depends on. */
import type { JSX } from 'preact'

import { SHAPES } from '../parts/shapes.ts'
import type { DependencyMap, MapNode } from '../../protocol.ts'
import { isFresh } from '../state/store.ts'
import { hrefOf } from '../state/where.ts'
import { texts } from '../texts.ts'
import { serviceRoute } from '../parts/link.tsx'
import { isPassed, layersOf } from './layers.ts'

const words = texts.map
const WIDTH = 190
const HEIGHT = 46
/** Of an edge that passes a layer. */
const PASSING = 8
const ACROSS = 26
const DOWN = 54
const LONGEST_NAME = 21
/** A layer with more is broken into lines: the map of a thousand services is still one that can be scrolled. */
const MOST_ACROSS = 12

export function Graph({ nodes, edges }: DependencyMap): JSX.Element {
  const { layers, ways } = layersOf(
    nodes.map(({ name }) => name),
    edges,
  )
  const { spots, width, height } = spotsOf(layers)
  const bad = new Set(nodes.filter(({ status }) => status === 'unhealthy').map(({ name }) => name))
  return (
    <div class="graph" tabIndex={0} role="region" aria-label={words.title}>
      <svg
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="group"
        aria-label={words.summary(nodes.length, edges.length)}
      >
        {ways.map((way) => {
          const isBad = bad.has(way[0]!) && bad.has(way.at(-1)!)
          return <path key={way.join(' ')} class={isBad ? 'edge is-bad' : 'edge'} d={curve(way.map((name) => spots.get(name)!))} />
        })}
        {nodes.map((node) => {
          const { x, y } = spots.get(node.name)!
          return <Node key={node.name} node={node} x={x} y={y} />
        })}
      </svg>
    </div>
  )
}

interface Spot {
  readonly x: number
  readonly y: number
  readonly width: number
}

interface Spots {
  readonly spots: ReadonlyMap<string, Spot>
  readonly width: number
  readonly height: number
}

/** Each layer in the middle; an edge that only passes it needs little room. */
function spotsOf(layers: readonly (readonly string[])[]): Spots {
  const lines = layers.flatMap((layer) => inLines(layer, MOST_ACROSS))
  const widthOf = (name: string): number => (isPassed(name) ? PASSING : WIDTH)
  const widths = lines.map((line) => line.reduce((sum, name) => sum + widthOf(name) + ACROSS, -ACROSS))
  const widest = Math.max(WIDTH, ...widths)
  const spots = new Map<string, Spot>()
  for (const [i, line] of lines.entries()) {
    let x = 2 + (widest - widths[i]!) / 2
    for (const name of line) {
      spots.set(name, { x, y: 2 + i * (HEIGHT + DOWN), width: widthOf(name) })
      x += widthOf(name) + ACROSS
    }
  }
  return { spots, width: widest + 4, height: lines.length * (HEIGHT + DOWN) - DOWN + 4 }
}

/** From the lower edge of the first to the upper edge of the last, straight down past those between. */
function curve(way: readonly Spot[]): string {
  const [first] = way
  let path = `M${first!.x + first!.width / 2} ${first!.y + HEIGHT}`
  for (const [i, { x, y, width }] of way.entries()) {
    if (i === 0) continue
    const before = way[i - 1]!
    const [x1, y1, x2] = [before.x + before.width / 2, before.y + HEIGHT, x + width / 2]
    const bend = Math.max(24, Math.abs(y - y1) / 2)
    path += `C${x1} ${y1 + bend} ${x2} ${y - bend} ${x2} ${y}`
    if (i < way.length - 1) path += `V${y + HEIGHT}`
  }
  return path
}

interface NodeProps {
  readonly node: MapNode
  readonly x: number
  readonly y: number
}

function Node({ node: { name, is, status, isCause, reason }, x, y }: NodeProps): JSX.Element {
  const word = isFresh.value ? texts.status[status] : texts.was(texts.status[status])
  const says = isCause ? `${word}, ${words.cause}` : word
  const drawn = (
    <>
      <title>{words.explained(`${name}, ${says}`, reason)}</title>
      <rect width={WIDTH} height={HEIGHT} rx={6} />
      <g transform="translate(10 9) scale(0.9)" class={`is-${status}`}>
        <path d={SHAPES[status]} fill-rule="evenodd" />
      </g>
      <text x={31} y={20}>
        {name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name}
      </text>
      <text x={31} y={37} class={`state is-${status}`}>
        {is === 'unknown' ? words.is.unknown : says}
      </text>
    </>
  )
  const classes = `node is-${is === 'service' ? 'service' : 'check'}${isCause ? ' is-cause' : ''}`
  return (
    <g class={classes} transform={`translate(${x} ${y})`}>
      {is === 'service' ? (
        <a href={hrefOf(serviceRoute(name))} data-own="">
          {drawn}
        </a>
      ) : (
        drawn
      )}
    </g>
  )
}

function inLines(layer: readonly string[], most: number): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(layer.length / most) }, (_, i) => layer.slice(i * most, (i + 1) * most))
}
