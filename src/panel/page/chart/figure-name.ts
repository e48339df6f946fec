/** Names of figures as people read them. Pure. */

/** `fetch_rate_per_hour` is `Fetch rate per hour`; what stands after a point stays as it is. */
export function figureName(figure: string): string {
  const [first = '', ...parts] = figure.split('.')
  const text = first.replaceAll('_', ' ')
  return [text.charAt(0).toUpperCase() + text.slice(1), ...parts].join(' · ')
}
