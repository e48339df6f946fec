/** Evidence of an alert in a line: `current 72.4, threshold 80`. Pure. */
import { number } from './figures.ts'

const MOST = 12
const LONGEST = 80

export function valueText(value: Readonly<Record<string, unknown>> | undefined): string {
  return Object.entries(value ?? {})
    .filter(([, each]) => each !== null && each !== undefined)
    .slice(0, MOST)
    .map(([name, each]) => `${name} ${textOf(each)}`)
    .join(', ')
}

function textOf(value: unknown): string {
  if (typeof value === 'number') return number(value)
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
