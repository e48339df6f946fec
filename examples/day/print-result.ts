import { agrees, type Figure } from './figures.ts'
import { clockTime } from './timeline.ts'
import type { AlertComparison, ToldAlert } from './told-alerts.ts'

/** What the result of any day has. */
export interface AnyResult {
  readonly figures: readonly Figure[]
  readonly told: readonly ToldAlert[]
  readonly alerts: AlertComparison
  readonly complaints: readonly string[]
}

/** Every figure in all books that have it. */
export function printFigures(figures: readonly Figure[]): void {
  const hasService = figures.some(({ service }) => service !== undefined)
  const width = Math.max(44, ...figures.map(({ what }) => what.length + 2))
  const columns = (...cells: readonly (number | string | undefined)[]): string =>
    cells.map((cell = '') => String(cell).padStart(9)).join('')
  console.log(`\n${'figure'.padEnd(width)}${columns('ledger', 'OTLP', 'totals', ...(hasService ? ['service'] : []))}`)
  for (const figure of figures) {
    const { what, truth, otlp, totals, service } = figure
    console.log(
      `${what.padEnd(width)}${columns(truth, otlp, totals, ...(hasService ? [service] : []))}${agrees(figure) ? '' : '  differs'}`,
    )
  }
}

/** What is not as it was to be, and the verdict. Returns whether all is as it was to be. */
export function printVerdict(seed: number, { figures, alerts, told, complaints }: AnyResult, seconds: number): boolean {
  const shown = ({ atMs, service, type, rule, of, severity }: ToldAlert): string =>
    [clockTime(atMs), service, type, rule, of, severity].filter((word) => word !== undefined).join(' ')
  for (const one of alerts.missing) console.log(`missing     ${shown(one)}`)
  for (const one of alerts.unexpected) console.log(`unexpected  ${shown(one)}`)
  const differences = figures.filter((figure) => !agrees(figure)).length
  console.log(
    `Seed ${seed}: ${figures.length} figures, ${differences} differ; ${told.length} messages about alerts, ${alerts.unexpected.length} unexpected ` +
      `and ${alerts.missing.length} missing, at most ${alerts.largestDeviationMs / 1000} s off; ${complaints.length} complaints; ` +
      `${seconds.toFixed(0)} s.`,
  )
  return differences + alerts.missing.length + alerts.unexpected.length + complaints.length === 0
}
