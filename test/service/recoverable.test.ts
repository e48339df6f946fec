/** What counts as evidence that starting a process again can help. */
import { describe, expect, test } from 'vitest'

import { judge } from '../../src/judge/judge.ts'
import { breach, inconclusive, ok } from '../../src/judge/verdicts.ts'
import { Recoverable } from '../../src/service/recoverable.ts'
import type { Alert, Readings, Rule, Verdict } from '../../src/types.ts'

const NO_READINGS = {} as Readings
const VALUE = { current: 1, threshold: 0, unit: '1' } as const
type Finds = 'breach' | 'ok' | 'unknown'

/** A process that judges two rules once a second; `stuck` is marked, and `upstream_down` explains it. */
class Process {
  readonly #rules: readonly Rule[]
  readonly #recoverable: Recoverable
  #alerts: ReadonlyMap<string, Alert>
  #now: number
  readonly finds: Record<string, Finds> = { stuck: 'ok', upstream_down: 'ok' }

  constructor({
    now = 0,
    alerts = new Map(),
    marked = true,
  }: { now?: number; alerts?: ReadonlyMap<string, Alert>; marked?: boolean } = {}) {
    const rule = (name: string, more: Partial<Rule>): Rule => ({
      ...{ name, summary: name, scope: 'any', needs: [], forSeconds: 10, keepFiringSeconds: 120, judge: () => this.#verdict(name) },
      ...more,
    })
    this.#rules = [
      rule('stuck', { inhibitedBy: ['upstream_down'], ...(marked && { recover: 'restart' }) }),
      rule('upstream_down', { forSeconds: 0, keepFiringSeconds: 0 }),
    ]
    this.#recoverable = new Recoverable(this.#rules)
    this.#alerts = alerts
    this.#now = now
  }

  #verdict(name: string): Verdict {
    if (this.finds[name] === 'unknown') return inconclusive(name, 'no_data')
    const finding = { message: `${name} is found`, value: VALUE }
    return this.finds[name] === 'breach' ? breach(name, 'CRITICAL', finding) : ok(name, finding)
  }

  /** What is evidence after so many seconds. */
  after(seconds: number): readonly string[] {
    let found: readonly string[] = []
    for (let i = 0; i < seconds; i++) {
      this.#now += 1000
      const now = { monotonicMs: this.#now, epochMs: this.#now }
      const judgement = judge({ rules: this.#rules, readings: NO_READINGS, alerts: this.#alerts, service: 's', alertId: (id) => id, now })
      this.#alerts = judgement.alerts
      found = this.#recoverable.among(judgement, this.#now).map(({ rule, message }) => `${rule}: ${message}`)
    }
    return found
  }

  /** The process that takes its place: it knows of the alerts, and nothing of what was found. */
  next(): Process {
    return new Process({ now: this.#now, alerts: this.#alerts })
  }
}

const STUCK = ['stuck: stuck is found']

describe('evidence that a restart can help', () => {
  test('is an alert that fires, not one that is pending', () => {
    const process = new Process()
    process.finds['stuck'] = 'breach'
    expect(process.after(9)).toEqual([])
    expect(process.after(3)).toEqual(STUCK)
  })

  test('is none of a rule that is not marked', () => {
    const process = new Process({ marked: false })
    process.finds['stuck'] = 'breach'
    expect(process.after(60)).toEqual([])
  })

  test.for([
    { why: 'is over, though the alert is kept for a while', finds: 'ok' },
    { why: 'is not known', finds: 'unknown' },
  ] as const)('is none where the breach $why', ({ finds }) => {
    const process = new Process()
    process.finds['stuck'] = 'breach'
    expect(process.after(15)).toEqual(STUCK)
    process.finds['stuck'] = finds
    expect(process.after(1)).toEqual([])
  })

  test('is none while what explains it is open, and is one again when that is over', () => {
    const process = new Process()
    Object.assign(process.finds, { stuck: 'breach', upstream_down: 'breach' })
    expect(process.after(60)).toEqual([])
    process.finds['upstream_down'] = 'ok'
    expect(process.after(3)).toEqual(STUCK)
  })

  test('is none that an earlier process has left, until this one has found it for as long', () => {
    const first = new Process()
    first.finds['stuck'] = 'breach'
    expect(first.after(15)).toEqual(STUCK)
    const second = first.next()
    second.finds['stuck'] = 'unknown'
    expect(second.after(5)).toEqual([])
    second.finds['stuck'] = 'breach'
    expect(second.after(10)).toEqual([])
    expect(second.after(2)).toEqual(STUCK)
  })
})
