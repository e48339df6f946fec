/** Checks the shape of `rules` and `metrics` of health.config; whether a rule can be judged is found out when it is compiled. */
import { SERVICE_SILENT } from '../catalogue.ts'
import { EVERY_SERVICE_RULE_NAMES } from '../rules/every-service.ts'
import { isMetric } from '../rules/metric-ref.ts'
import { RULE_KEYS } from '../rules/check-rule-data.ts'
import { OVERRIDE_KEYS } from '../rules/override-rule.ts'
import { isRuleSentence } from '../rules/rule.ts'
import type { Fields } from './checking.ts'
import { checkKeys, fail, isRecord } from './checking.ts'

const METRIC_KEYS = ['instrument', 'unit', 'description', 'attributes', 'bounds'] as const

/** `known`: the names of the rules that the kind of service has besides those of every service. */
export function checkRules(rules: unknown, known: readonly string[], path: string): void {
  if (rules === undefined) return
  if (Array.isArray(rules)) {
    for (const [index, entry] of rules.entries()) checkEntry(entry, nameIn(entry, `${path}[${index}]`), known, `${path}[${index}]`)
    return
  }
  if (!isRecord(rules)) return fail(path, rules, 'an object from rule to rule or override, or a list of rules')
  for (const [name, entry] of Object.entries(rules)) checkEntry(entry, name, known, `${path}.${name}`, path)
}

function nameIn(entry: unknown, path: string): string {
  if (isRuleSentence(entry)) return entry.data.name
  const name = isRecord(entry) ? entry['name'] : undefined
  return typeof name === 'string' ? name : fail(path, entry, 'a rule, or an object with the name of one')
}

function checkEntry(entry: unknown, name: string, known: readonly string[], path: string, list: string = path): void {
  if (isRuleSentence(entry)) return
  if (isRecord(entry) && entry['when'] !== undefined) {
    if (!isRecord(entry['when'])) fail(`${path}.when`, entry['when'], 'an object with reading')
    return checkKeys(entry, RULE_KEYS, `${path} `)
  }
  checkKeys({ [name]: entry }, [...known, ...EVERY_SERVICE_RULE_NAMES], `${list} `)
  if (entry === false) return
  if (name === SERVICE_SILENT) return fail(path, entry, 'false, for it can only be switched off')
  if (!isRecord(entry)) return fail(path, entry, 'an object with limit, critical, for or keepFiring, or false')
  checkOverride(entry, path)
}

function checkOverride(override: Fields, path: string): void {
  checkKeys(override, ['name', ...OVERRIDE_KEYS], `${path} `)
  for (const key of ['limit', 'critical', 'clear', 'for', 'keepFiring']) {
    const value = override[key]
    if (value === undefined || typeof value === 'string') continue
    if (typeof value !== 'number' || !(value >= 0 && value < Infinity))
      fail(`${path}.${key}`, value, 'a number >= 0, or a text with its unit')
  }
}

export function checkMetrics(metrics: unknown, path: string): void {
  if (metrics === undefined) return
  if (Array.isArray(metrics)) {
    for (const [index, metric] of metrics.entries()) {
      if (!isMetric(metric)) fail(`${path}[${index}]`, metric, 'a metric made by counter, histogram, gauge or upDownCounter')
    }
    return
  }
  if (!isRecord(metrics)) return fail(path, metrics, 'an object from name to instrument and unit, or a list of metrics')
  for (const [name, metric] of Object.entries(metrics)) {
    if (!isRecord(metric)) return fail(`${path}.${name}`, metric, 'an object with instrument and unit')
    checkKeys(metric, METRIC_KEYS, `${path}.${name} `)
  }
}
