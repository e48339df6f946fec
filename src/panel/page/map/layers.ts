/** Where the services of a map stand: what others depend on is further down, by the longest path to it. Pure. */

export interface Edge {
  readonly from: string
  readonly to: string
}

/** No name of a service begins so. */
const PASSED = '\n'

/** How often the order of each layer is made better by that of its neighbours: more changes nothing that one sees. */
const SWEEPS = 6

export interface Layers {
  /** From the top, each in its order, with the names of points that an edge only passes. */
  readonly layers: readonly (readonly string[])[]
  /** Each edge as the names that it goes through, its own ends among them. */
  readonly ways: readonly (readonly string[])[]
}

/** Circles are broken where they are met first. Edges of names that are not there are left out. */
export function layersOf(names: readonly string[], edges: readonly Edge[]): Layers {
  const known = new Set(names)
  const real = edges.filter(({ from, to }) => from !== to && known.has(from) && known.has(to))
  const depth = depths(names, grouped(real, 'to', 'from'))
  const layers: string[][] = []
  for (const name of names) (layers[depth.get(name)!] ??= []).push(name)
  const ways = real.map(({ from, to }) => {
    const way = [from]
    for (let layer = depth.get(from)! + 1; layer < depth.get(to)!; layer++) {
      const point = `${PASSED}${from}${PASSED}${to}${PASSED}${layer}`
      layers[layer]!.push(point)
      way.push(point)
    }
    return [...way, to]
  })
  const pieces = ways.flatMap((way) => way.slice(1).map((to, i) => ({ from: way[i]!, to })))
  const [below, above] = [grouped(pieces, 'from', 'to'), grouped(pieces, 'to', 'from')]
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0
    const order = down ? [...layers.keys()] : [...layers.keys()].toReversed()
    const places = new Map(layers.flatMap((layer) => layer.map((name, i) => [name, i / Math.max(1, layer.length - 1)] as const)))
    for (const i of order) {
      layers[i] = byNeighbours(layers[i]!, down ? above : below, places)
      for (const [place, name] of layers[i].entries()) places.set(name, place / Math.max(1, layers[i].length - 1))
    }
  }
  return { layers, ways }
}

/** Whether the name is that of a point which an edge passes. */
export function isPassed(name: string): boolean {
  return name.startsWith(PASSED)
}

/** The length of the longest way from above; a way that comes back to where it was counts no further. */
function depths(names: readonly string[], above: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> {
  const known = new Map<string, number>()
  const onTheWay = new Set<string>()
  const depth = (name: string): number => {
    const before = known.get(name)
    if (before !== undefined) return before
    onTheWay.add(name)
    let deepest = 0
    for (const next of above.get(name) ?? []) if (!onTheWay.has(next)) deepest = Math.max(deepest, depth(next) + 1)
    onTheWay.delete(name)
    known.set(name, deepest)
    return deepest
  }
  for (const name of names) depth(name)
  return known
}

/** Each below the middle of its neighbours; who has none stays. */
function byNeighbours(
  layer: readonly string[],
  neighbours: ReadonlyMap<string, readonly string[]>,
  places: ReadonlyMap<string, number>,
): string[] {
  const middle = new Map(
    layer.map((name) => {
      const near = (neighbours.get(name) ?? []).flatMap((each) => places.get(each) ?? [])
      return [name, near.length === 0 ? places.get(name)! : near.reduce((sum, each) => sum + each, 0) / near.length]
    }),
  )
  return layer.toSorted((a, b) => middle.get(a)! - middle.get(b)! || places.get(a)! - places.get(b)!)
}

function grouped(edges: readonly Edge[], by: keyof Edge, what: keyof Edge): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const edge of edges) {
    const group = groups.get(edge[by])
    if (group) group.push(edge[what])
    else groups.set(edge[by], [edge[what]])
  }
  return groups
}
