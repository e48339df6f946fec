/** What happened in a minute: the increase of the totals since the entry before. */

type Totals = Readonly<Record<string, unknown>>

/** The numbers of `totals` less those of `before`, in the same shape; a number that fell began anew. What is not a number is left out. */
export function increaseOf(totals: Totals, before: Totals): Totals {
  const increase: [string, unknown][] = []
  for (const [name, value] of Object.entries(totals)) {
    const old = before[name]
    if (typeof value === 'number') increase.push([name, typeof old === 'number' && old <= value ? value - old : value])
    else if (isObject(value)) increase.push([name, increaseOf(value, isObject(old) ? old : {})])
  }
  return Object.fromEntries(increase)
}

function isObject(value: unknown): value is Totals {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
