/** A figure of the history against the limits of a rule, for rules whose readings the history does not hold. */
import { breach, inconclusive, ok } from '../judge/verdicts.ts'
import { isAbove, isBelow } from '../rules/beyond.ts'
import type { SaidRule } from '../rules/said-rules.ts'
import { inUnitOf, limitOf } from '../rules/unit.ts'
import { toldApart } from '../rules/told-apart.ts'
import type { OpenAlert, Verdict } from '../types.ts'

/** `text`: as the history has it, empty if it was not known. `factor`: what one of it is in the unit of the limit. */
export function judgeFigure({ data, rule }: SaidRule, text: string, factor: number, open: OpenAlert | undefined): Verdict {
  const { name, limits } = rule
  if (text === '') return inconclusive(name, 'no_data')
  if (!limits) return judgeState({ data, rule }, text)
  const value = Number(text) * factor
  if (!Number.isFinite(value)) return inconclusive(name, 'no_data')
  const { breach: side, warning, critical, unit = '' } = limits
  const isBeyond = side === 'above' ? isAbove : isBelow
  const finding = (limit: number) => {
    const current = toldApart(value, limit)
    const suffix = unit === '' ? '' : ` ${unit === 'percent' ? '%' : unit}`
    return { message: `${name} was ${current}${suffix} (limit ${limit}${suffix})`, value: { current, threshold: limit, unit } }
  }
  if (critical !== undefined && isBeyond(value, critical)) return breach(name, 'CRITICAL', finding(critical))
  const clear = open?.state === 'firing' || open?.state === 'unknown' ? clearOf({ data, rule }) : undefined
  const line = [warning, ...(clear === undefined ? [] : [clear])].find((limit) => isBeyond(value, limit))
  return line === undefined ? ok(name, finding(warning)) : breach(name, 'WARNING', finding(line))
}

/** In the unit of the limit, where it is said in that or in a unit of the same kind. */
function clearOf({ data: { above, below, clear }, rule: { limits } }: SaidRule): number | undefined {
  const unit = limits?.unit === 'percent' ? '%' : limits?.unit
  if (clear === undefined || unit === undefined) return undefined
  return limitOf(inUnitOf(above ?? below, clear), unit, 'clear').value
}

function judgeState({ data, rule: { name } }: SaidRule, text: string): Verdict {
  if (data.when.reading !== 'state' || text === 'unknown') return inconclusive(name, 'no_data')
  const { messages = {}, severities = {} } = data.when
  const { isNot: fine = '' } = data
  // A figure may say only whether the state is the one that is fine.
  const isFine = text === fine || text === 'true'
  const said = isFine ? fine : text === 'false' ? `not ${fine}` : text
  const finding = { message: messages[said] ?? `${name} was ${said}`, value: { current: said, threshold: fine, unit: '' } }
  return isFine ? ok(name, finding) : breach(name, severities[text] ?? data.severity ?? 'CRITICAL', finding)
}
