/** A forecast in sentences, with how sure it is. Pure. */
import { figureName } from '../chart/figure-name.ts'
import type { Forecast } from '../../protocol.ts'
import { withUnit } from '../show/figures.ts'
import { texts } from '../texts.ts'

const words = texts.trends
const DAY_MS = 86_400_000

export function forecastText({ figure, unit, now, limit, perDay, days, says }: Forecast): string {
  const sentences = [words.forecast(figureName(figure), withUnit(now, unit), withUnit(limit, unit))]
  if (perDay) {
    const grows = perDay.value >= 0 ? words.grows : words.falls
    sentences.push(grows(withUnit(Math.abs(perDay.value), unit), withUnit(perDay.error, unit)))
  }
  if (days) sentences.push(words.days(inDays(days.value), inDays(days.atLeast), days.atMost === null ? null : inDays(days.atMost)))
  if (says !== undefined) sentences.push(`${says.charAt(0).toUpperCase()}${says.slice(1)}.`)
  return sentences.join(' ')
}

/** Less than two days in hours; more precisely than to a tenth nobody knows it. */
function inDays(days: number): string {
  if (days < 2) return `${Math.max(1, Math.round((days * DAY_MS) / 3_600_000))} h`
  return `${days < 10 ? Math.round(days * 10) / 10 : Math.round(days)} days`
}
