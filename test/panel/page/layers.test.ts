import fc from 'fast-check'
import { expect, test } from 'vitest'

import { isPassed, layersOf } from '../../../src/panel/page/map/layers.ts'

function edgesOf(text: string): { readonly from: string; readonly to: string }[] {
  return text
    .split(' ')
    .filter(Boolean)
    .map((edge) => ({ from: edge[0]!, to: edge[1]! }))
}

/** Without the points that edges only pass. */
function shape(names: string, edges: string): string {
  return layersOf(names.split(''), edgesOf(edges))
    .layers.map((layer) => layer.filter((name) => !isPassed(name)).join(''))
    .join('|')
}

test.for([
  { says: 'nothing depends on anything', names: 'ab', edges: '', is: 'ab' },
  { says: 'a chain', names: 'cba', edges: 'ab bc', is: 'a|b|c' },
  { says: 'the longest way counts', names: 'abc', edges: 'ab bc ac', is: 'a|b|c' },
  { says: 'a circle is broken where it is met first', names: 'abc', edges: 'ab bc ca', is: 'b|c|a' },
  { says: 'itself is no dependency', names: 'a', edges: 'aa', is: 'a' },
  { says: 'names that are not there count for nothing', names: 'ab', edges: 'ax xb ab', is: 'a|b' },
  { says: 'neighbours stand near each other', names: 'abxy', edges: 'ay bx', is: 'ab|yx' },
])('$says', ({ names, edges, is }) => {
  expect(shape(names, edges)).toBe(is)
})

test('an edge over several layers passes each of them', () => {
  const { layers, ways } = layersOf(['a', 'b', 'c'], edgesOf('ab bc ac'))
  const long = ways.find(([from, , to]) => from === 'a' && to === 'c')!
  expect(long).toHaveLength(3)
  expect(layers[1]).toContain(long[1])
  expect(isPassed(long[1]!)).toBe(true)
})

test('every name stands once, and without circles what is depended on stands below', () => {
  const graph = fc.record({
    count: fc.integer({ min: 1, max: 12 }),
    edges: fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 30 }),
  })
  fc.assert(
    fc.property(graph, ({ count, edges: pairs }) => {
      const names = Array.from({ length: count }, (_, i) => `s${i}`)
      // From a lower number to a higher one: no circles.
      const edges = pairs.map(([a, b]) => ({ from: `s${Math.min(a, b)}`, to: `s${Math.max(a, b)}` }))
      const { layers } = layersOf(names, edges)
      expect(
        layers
          .flat()
          .filter((name) => !isPassed(name))
          .toSorted(),
      ).toEqual(names.toSorted())
      const layerOf = new Map(layers.flatMap((layer, i) => layer.map((name) => [name, i] as const)))
      for (const { from, to } of edges) {
        if (from !== to && layerOf.has(from) && layerOf.has(to)) expect(layerOf.get(to)!).toBeGreaterThan(layerOf.get(from)!)
      }
    }),
  )
})
