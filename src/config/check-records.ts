/** Checks the shape of `records` of health.config; whether its metrics are there is found out when a monitor is made. */
import { isMetricRef } from '../rules/check-rule-data.ts'
import { checkKeys, checkOneOf, checkText, fail, isRecord } from './checking.ts'
import { MEANINGS } from './targets.ts'

const TALLY_KEYS = ['into', 'of', 'in', 'each', 'by'] as const
const METRIC = "the name of a metric, or an object such as { metric: 'cache.lookups', where: { 'cache.result': 'hit' } }"
const EXPECTED = "a list of what it adds to, such as { into: 'cache.lookups', by: { 'cache.result': 'result' } }"

export function checkRecords(records: unknown, path: string): void {
  if (records === undefined) return
  if (!isRecord(records)) return fail(path, records, 'an object from name to what it adds to')
  for (const [name, record] of Object.entries(records)) {
    const here = `${path}.${name}`
    if ((MEANINGS as readonly string[]).includes(name)) {
      throw new Error(`${here} has the name of what any call may be recorded as (${MEANINGS.join(', ')}): give it another.`)
    }
    if (Array.isArray(record)) checkTallies(record, here)
    else if (isRecord(record)) {
      checkKeys(record, ['is', 'tallies'], `${here} `)
      const { is, tallies = [] } = record
      if (isRecord(is)) {
        checkKeys(is, ['batchOf'], `${here}.is `)
        checkText(is['batchOf'], `${here}.is.batchOf`, 'the field with the number of attempts')
      } else if (is !== undefined) checkOneOf(is, ['attempt'], `${here}.is`)
      if (Array.isArray(tallies)) checkTallies(tallies, `${here}.tallies`)
      else fail(`${here}.tallies`, tallies, EXPECTED)
    } else fail(here, record, EXPECTED)
  }
}

function checkTallies(tallies: readonly unknown[], path: string): void {
  for (const [index, tally] of tallies.entries()) {
    const here = `${path}[${index}]`
    const data = isRecord(tally) && isRecord(tally['data']) ? tally['data'] : tally
    if (!isRecord(data)) return fail(here, tally, EXPECTED)
    checkKeys(data, TALLY_KEYS, `${here} `)
    const { into, by } = data
    if (!isMetricRef(into)) checkText(into, `${here}.into`, METRIC)
    for (const key of ['of', 'in', 'each']) if (data[key] !== undefined) checkText(data[key], `${here}.${key}`)
    if (by === undefined) continue
    if (!isRecord(by)) return fail(`${here}.by`, by, 'an object from attribute to field')
    for (const [attribute, field] of Object.entries(by)) checkText(field, `${here}.by.${attribute}`, 'the name of a field')
  }
}
