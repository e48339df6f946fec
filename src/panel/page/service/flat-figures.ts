/** Figures within figures under one name each: `queue_sizes.hot`. Pure. */
export type FlatFigure = readonly [name: string, value: string | number | boolean | null]

/** More than this nobody reads. */
const MOST = 200

export function flatFigures(metrics: Readonly<Record<string, unknown>>): readonly FlatFigure[] {
  const flat: FlatFigure[] = []
  const add = (name: string, value: unknown): void => {
    if (flat.length >= MOST) return
    if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') flat.push([name, value])
    else if (typeof value === 'object') for (const [part, each] of Object.entries(value)) add(name === '' ? part : `${name}.${part}`, each)
  }
  add('', metrics)
  return flat
}
