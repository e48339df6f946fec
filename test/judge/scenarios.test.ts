import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { isWorthSaving, stepAlert } from '../../src/judge/alert.ts'
import { breach, inconclusive, ok } from '../../src/judge/verdicts.ts'
import type { Alert, Verdict } from '../../src/types.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { loaded, saved } from './saved-alert.ts'

interface Timing {
  readonly for: number
  readonly keep_firing_for: number
  readonly inhibited_by?: readonly string[]
}

interface Scenario {
  readonly name: string
  readonly rule?: Timing
  readonly rules?: Readonly<Record<string, Timing>>
  readonly tick?: number
  readonly verdicts: readonly (readonly [number, string])[]
  readonly actions?: readonly (readonly [number, string, object])[]
  readonly restarts?: readonly number[]
  readonly expect?: readonly (readonly [number, string])[]
  readonly expect_delivered?: readonly (readonly [number, string])[]
}

const scenarios = parse(readFileSync(new URL('../scenarios.yaml', import.meta.url), 'utf8')) as readonly Scenario[]

/** Overlays (acknowledge, silence, inhibition) and resolving by hand are not there yet. */
const needsOverlay = ({ actions, rule, rules }: Scenario) =>
  actions !== undefined || [rule, ...Object.values(rules ?? {})].some((timing) => timing?.inhibited_by !== undefined)

const runnable = scenarios.filter((scenario) => !needsOverlay(scenario))
const later = scenarios.filter(needsOverlay)

test('no scenario is lost: what is not run here waits for the overlays', () => {
  expect(runnable).toHaveLength(10)
  expect(later.map(({ name }) => name)).toEqual([
    'an acknowledged warning is told again when it becomes critical',
    'told fired, told resolved, silence or not',
    'fired and resolved inside a silence is told to nobody',
    'a silence that ends while firing tells what is true',
    'resolved by hand, still breaching, reopens after 15 minutes',
    'a cause arriving 10 s later still swallows its effect',
    'a held effect whose cause never comes is told when the hold ends',
  ])
})

test.for(runnable)('$name', (scenario) => {
  expect(messagesOf(scenario)).toEqual(scenario.expect)
})

function messagesOf({ name, rule, tick = 15, verdicts, restarts = [], expect: expected = [] }: Scenario): (readonly [number, string])[] {
  const clock = new VirtualClock()
  const timing = { forSeconds: rule!.for, keepFiringSeconds: rule!.keep_firing_for }
  const identity = { id: name, rule: 'rule', service: 'service' }
  const messages: (readonly [number, string])[] = []
  const start = clock.epochMs()
  let bootedAt = 0
  const now = () => ({ monotonicMs: clock.monotonicMs() - bootedAt, epochMs: clock.epochMs() })
  let alert: Alert | undefined
  let document: string | undefined

  for (const seconds of restarts) {
    clock.after(seconds * 1000, () => {
      bootedAt = clock.monotonicMs()
      alert = loaded(document, now())
    })
  }
  const evaluate = () => {
    const seconds = (clock.epochMs() - start) / 1000
    const said = verdicts.findLast(([from]) => from <= seconds)![1]
    const step = stepAlert(alert, verdictOf(said), timing, identity, now())
    if (step.alert && (step.transitions.length > 0 || isWorthSaving(alert, step.alert))) document = saved(step.alert, now())
    alert = step.alert
    for (const { type, deliver } of step.transitions) {
      expect(deliver).toBe(true)
      messages.push([seconds, type])
    }
  }
  evaluate()
  clock.every(tick * 1000, evaluate)
  const lastNamed = Math.max(...[...verdicts, ...expected].map(([seconds]) => seconds), ...restarts)
  clock.advance((lastNamed + 900) * 1000)
  return messages
}

function verdictOf(said: string): Verdict {
  const finding = { message: said, value: { current: said, threshold: null, unit: 'word' } }
  if (said === 'ok') return ok('rule', finding)
  return said === 'none' ? inconclusive('rule', 'no_data') : breach('rule', said === 'critical' ? 'CRITICAL' : 'WARNING', finding)
}
