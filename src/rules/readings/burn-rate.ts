/**
 * How fast what may be bad is used up, in a long window and a short one both. Source: Google, The Site Reliability Workbook, chapter 5,
 * "Multiwindow, Multi-Burn-Rate Alerts".
 */
import type { Context, JudgedReading, Lines } from '../judged-reading.ts'
import { measuredReading } from '../measured.ts'
import { checkReachable } from '../reachable.ts'
import type { BurnRateReading } from '../rule-data.ts'
import { shareOf } from '../share.ts'

/** The long window of a rule that names none. */
export const LONG_SECONDS = 3600
/** Seconds of the short window of a rule that names none: the workbook's twelfth of the long one, in the steps by which windows are kept. */
export function shortSeconds(long: number): number {
  return Math.max(STEP_SECONDS, STEP_SECONDS * Math.floor(long / 12 / STEP_SECONDS))
}

const STEP_SECONDS = 10

/** Throws one sentence if the objective leaves nothing to burn or the short window is not the shorter one. */
export function burnRateReading(data: BurnRateReading, context: Context): JudgedReading {
  const { of, in: whole, objective } = data
  if (!(objective > 0 && objective < 100)) {
    throw new Error(`The objective of the ${context.whose} is ${objective} %, expected more than 0 and less than 100.`)
  }
  const share = shareOf(of, whole, context)
  const long = context.window(data.over ?? LONG_SECONDS)
  const short = context.window(data.and ?? shortSeconds(long))
  if (short >= long) throw new Error(`The short window of the ${context.whose} is ${short} s, expected less than the long one (${long} s).`)
  // In percent, as people and PromQL write it: a hundredth of it is a little less than it should be.
  const budget = Number((100 - objective).toPrecision(10))
  const plan = {
    needs: share.needs,
    unit: 'x',
    scope: 'any',
    title: `The burn rate of ${of.metric} in ${whole.metric} against ${objective} %`,
    // At which everything is bad: 100 for 99 %, and not a little less, as a computer divides.
    check: (limits: Lines) =>
      checkReachable(
        limits,
        { what: `a burn rate against ${objective} %`, least: 0, most: Number((100 / budget).toPrecision(10)) },
        context.whose,
      ),
  } as const
  return measuredReading(plan, (readings) => {
    const looks = [share.look(readings, long), share.look(readings, short)] as const
    if (!looks.every(({ isKnown }) => isKnown)) return 'starting'
    const [{ n, count: bad }] = looks
    if (n === 0) return 'no_data'
    const rates = looks.map((each) => (each.n === 0 ? 0 : (100 * each.count) / each.n / budget))
    // As fast as the slower of the two: what is over burns no more.
    return { value: Math.min(...rates), n, count: bad, failures: bad, windowSeconds: long }
  })
}
