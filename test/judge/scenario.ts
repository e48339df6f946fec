/** Scenarios of test/scenarios.yaml: rules that are judged on a virtual clock, and what becomes of their alerts in a store. */
import { isWorthSaving, stepAlert } from '../../src/judge/alert.ts'
import { breach, inconclusive, ok } from '../../src/judge/verdicts.ts'
import type { Action } from '../../src/overlays/step-overlays.ts'
import type { Alert, TransitionCause, Verdict } from '../../src/types.ts'
import { loaded, saved, type SavedAlert } from './saved-alert.ts'

export interface Timing {
  readonly for: number
  readonly keep_firing_for: number
  readonly inhibited_by?: readonly string[]
}

type Verdicts = readonly (readonly [number, string])[]

interface ActionOptions {
  /** Absolute, in seconds. */
  readonly until?: number
  /** Of several rules. */
  readonly rule?: string
}

export interface Scenario {
  readonly name: string
  readonly rule?: Timing
  readonly rules?: Readonly<Record<string, Timing>>
  readonly tick?: number
  readonly verdicts: Verdicts | Readonly<Record<string, Verdicts>>
  readonly actions?: readonly (readonly [number, string, ActionOptions?])[]
  readonly restarts?: readonly number[]
  readonly unwatched?: readonly (readonly [from: number, until: number])[]
  readonly expect?: readonly (readonly (number | string)[])[]
  readonly expect_delivered?: readonly (readonly (number | string)[])[]
}

export interface Told {
  readonly type: string
  readonly deliver: boolean
}

/** Of one alert. Times are epoch milliseconds of the scenario. */
export interface AlertStore {
  say(alert: Alert, wasTold: boolean, cause: TransitionCause, now: number): Promise<void>
  act(action: Action, now: number): Promise<void>
  /** When something happens by itself. */
  due(): number | undefined
  look(now: number): Promise<void>
  /** Whether the alert is open, as it was answered last. */
  readonly isOpen: boolean
  /** What was told since it was asked last. */
  take(): Promise<readonly Told[]>
}

/** Of all alerts of a scenario. `silence` is in force until `until`. */
export interface Server {
  alert(rule: string, causes: readonly string[]): AlertStore
  silence(rule: string | undefined, until: number, now: number): Promise<void>
  unsilence(now: number): Promise<void>
}

/** As a scenario has it: [time, type], or with several rules [time, rule, type]. */
export interface Outcome {
  readonly all: readonly (readonly (number | string)[])[]
  readonly delivered: readonly (readonly (number | string)[])[]
}

const START = 1_795_341_600_000
const AFTER_SECONDS = 900

export async function runScenario(scenario: Scenario, server: Server): Promise<Outcome> {
  const { tick = 15, actions = [], restarts = [], unwatched = [] } = scenario
  const rules = Object.entries(scenario.rules ?? { rule: scenario.rule! }).map(
    ([name, timing]) => new JudgedRule(name, timing, verdictsOf(scenario, name), server, tick),
  )
  const all: (readonly (number | string)[])[] = []
  const delivered: (readonly (number | string)[])[] = []
  const take = async (seconds: number) => {
    for (const { name, store } of rules) {
      for (const { type, deliver } of await store.take()) {
        const message = scenario.rules ? [seconds, name, type] : [seconds, type]
        all.push(message)
        if (deliver) delivered.push(message)
      }
    }
  }
  const last = Math.max(...namedTimes(scenario)) + AFTER_SECONDS
  for (let seconds = 0; seconds <= last; seconds += tick) {
    const now = START + seconds * 1000
    const isNow = (at: number) => at > seconds - tick && at <= seconds
    if (restarts.some(isNow)) for (const rule of rules) rule.restart(now)
    for (const [, kind, options = {}] of actions.filter(([at]) => isNow(at))) {
      const until = START + (options.until ?? 0) * 1000
      if (kind === 'silence') await server.silence(options.rule, until, now)
      else if (kind === 'unsilence') await server.unsilence(now)
      else for (const { name, store } of rules) if (name === (options.rule ?? name)) await store.act(actionOf(kind, until), now)
      if (kind.endsWith('silence')) for (const { store } of rules) await store.look(now)
    }
    await take(seconds)
    for (const rule of rules) {
      if (!unwatched.some(([from, until]) => seconds >= from && seconds < until)) await rule.evaluate(seconds, now)
      const due = rule.store.due()
      if (due !== undefined && due <= now) await rule.store.look(now)
      await take(seconds)
    }
    // A cause that was found just now is one for those that were judged before it, and for those who look again.
    for (const { store } of rules) if ((store.due() ?? Infinity) <= now) await store.look(now)
    await take(seconds)
  }
  return { all, delivered }
}

function actionOf(kind: string, until: number): Action {
  const said = { by: 'ada', why: 'known' }
  return kind === 'ack' ? { kind, ...said, until } : { kind: kind as 'unack' | 'resolve', ...said }
}

function verdictsOf({ verdicts }: Scenario, rule: string): Verdicts {
  return Array.isArray(verdicts) ? (verdicts as Verdicts) : (verdicts as Readonly<Record<string, Verdicts>>)[rule]!
}

function namedTimes({
  verdicts,
  actions = [],
  restarts = [],
  unwatched = [],
  expect = [],
  expect_delivered: told = [],
}: Scenario): number[] {
  const lists = Array.isArray(verdicts) ? [verdicts as Verdicts] : Object.values(verdicts as Readonly<Record<string, Verdicts>>)
  const untils = actions.map(([, , options]) => options?.until ?? 0)
  return [...lists.flat(), ...actions, ...expect, ...told].map(([at]) => at as number).concat(restarts, untils, unwatched.flat())
}

class JudgedRule {
  readonly name: string
  readonly store: AlertStore
  readonly #timing: Timing
  readonly #verdicts: Verdicts
  readonly #tick: number
  #bootedAt = START
  #alert: Alert | undefined
  #saved: SavedAlert | undefined
  #lastBeat: number | undefined
  #wasTold = false

  constructor(name: string, timing: Timing, verdicts: Verdicts, server: Server, tick: number) {
    this.name = name
    this.#timing = timing
    this.#verdicts = verdicts
    this.#tick = tick
    this.store = server.alert(name, timing.inhibited_by ?? [])
  }

  restart(now: number): void {
    this.#bootedAt = now
    this.#alert = loaded(this.#saved, this.#instant(now), this.#lastBeat)
  }

  async evaluate(seconds: number, now: number): Promise<void> {
    this.#lastBeat = now
    const { for: forSeconds, keep_firing_for: keepFiringSeconds } = this.#timing
    const said = this.#verdicts.findLast(([from]) => from <= seconds)![1]
    const identity = { id: this.name, rule: this.name, service: 'service' }
    const before = this.#alert
    const step = stepAlert(before, verdictOf(said), { forSeconds, keepFiringSeconds }, identity, this.#instant(now), this.#tick)
    this.#alert = step.alert
    if (!step.alert || (step.transitions.length === 0 && !isWorthSaving(before, step.alert))) return
    this.#saved = saved(step.alert, this.#instant(now))
    // A transition each, as the monitor says them: with the state that the alert has then.
    const steps = step.transitions.length > 0 ? step.transitions : [{ alert: step.alert, cause: 'condition' as const }]
    for (const { alert, cause } of steps) {
      await this.store.say(alert, this.#wasTold, cause, now)
      this.#wasTold = this.store.isOpen && ['firing', 'recovering', 'unknown'].includes(alert.state)
    }
  }

  #instant(now: number) {
    return { monotonicMs: now - this.#bootedAt, epochMs: now }
  }
}

function verdictOf(said: string): Verdict {
  const finding = { message: said, value: { current: said, threshold: null, unit: 'word' } }
  if (said === 'ok') return ok('rule', finding)
  return said === 'none' ? inconclusive('rule', 'no_data') : breach('rule', said === 'critical' ? 'CRITICAL' : 'WARNING', finding)
}
