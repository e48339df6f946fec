/** A breach while a state metric is in any known state but the one that is fine. */
import { breach, inconclusive, ok } from '../../judge/verdicts.ts'
import { shownValue } from '../shown-value.ts'
import type { Severity } from '../../types.ts'
import type { Context, JudgedReading } from '../judged-reading.ts'
import type { StateReading } from '../rule-data.ts'

const UNIT = { name: 'state', suffix: '', factor: 1 }

/** `healthy`: the state that is fine. `unknown` is no data. Throws one sentence if the metric has no such state. */
export function stateReading(data: StateReading, healthy: string, severity: Severity, context: Context): JudgedReading {
  const { of, attribute, messages = {}, severities = {} } = data
  const states = context.metric(of).attributes[attribute] ?? []
  if (states.length > 0 && !states.includes(healthy)) {
    throw new Error(`The ${context.whose} wants the state ${shownValue(healthy)} of ${of.metric}, expected one of ${states.join(', ')}.`)
  }
  const selector = context.state(of, attribute)
  return {
    needs: [selector],
    unit: 'state',
    scope: 'any',
    title: of.metric,
    judge({ name, sentence }, readings) {
      const state = readings.state(selector)
      if (!state || state.value === 'unknown') return inconclusive(name, 'no_data')
      if (state.stale) return inconclusive(name, 'stale')
      const finding = () => ({
        message: messages[state.value] ?? sentence({ current: state.value, limit: healthy, unit: UNIT }),
        value: { current: state.value, threshold: healthy, unit: 'state' },
      })
      return state.value === healthy ? ok(name, finding) : breach(name, severities[state.value] ?? severity, finding())
    },
    figure(readings) {
      const state = readings.state(selector)
      return { value: state && !state.stale ? state.value : null, evidence: {} }
    },
  }
}
