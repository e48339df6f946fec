/** Rules that are split by an attribute: one alert for each of its values, from samples to transitions. */
import { expect, test } from 'vitest'

import { Windows } from '../../src/compute/windows.ts'
import type { Judgement } from '../../src/judge/judge.ts'
import { alertKey, judge } from '../../src/judge/judge.ts'
import { counter } from '../../src/rules/metric-ref.ts'
import { increase } from '../../src/rules/readings.ts'
import type { RuleSentence } from '../../src/rules/rule.ts'
import { rule } from '../../src/rules/rule.ts'
import { wantedOf } from '../../src/rules/service-kind.ts'
import type { Alert, Attributes, Rule, Sample, Series } from '../../src/types.ts'
import { compiled } from '../rules/compiled.ts'
import { loaded, saved } from './saved-alert.ts'

const EPOCH = Date.UTC(2026, 10, 22, 10)
const failures = counter('failures', { unit: '{failure}', attributes: { route: [] } })
const many = rule('many_failures').when(increase(failures).over('10m')).above(5).for(0).keepFiring(60).by('route')

/** A service that counts failures by route and is judged by one rule, once for each of what it is told. */
class Judged {
  readonly #rule: Rule
  readonly #windows: Windows
  readonly #series = new Map<string, Series>()
  readonly #totals = new Map<string, number>()
  #alerts: ReadonlyMap<string, Alert>
  #seconds = 0

  constructor(sentence: RuleSentence, alerts: readonly Alert[] = []) {
    this.#rule = compiled(sentence)
    this.#windows = new Windows(wantedOf({ rules: [this.#rule], selectors: [] }), 0)
    this.#alerts = new Map(alerts.map((alert) => [alertKey(alert.rule, alert.labels), alert]))
  }

  get now(): { monotonicMs: number; epochMs: number } {
    return { monotonicMs: this.#seconds * 1000, epochMs: EPOCH + this.#seconds * 1000 }
  }

  alert(route?: string): Alert | undefined {
    return this.#alerts.get(alertKey(this.#rule.name, route === undefined ? undefined : { route }))
  }

  get overflowing(): readonly string[] {
    return [...this.#windows.overflowing]
  }

  /** 20 seconds later these many have failed, by route; the empty one: of none. */
  after(failed: Readonly<Record<string, number>>): Judgement {
    this.#seconds += 20
    for (const [route, count] of Object.entries(failed)) {
      const attributes: Attributes = route === '' ? {} : { route }
      if (!this.#series.has(route)) this.#series.set(route, { metric: 'failures', attributes })
      this.#totals.set(route, (this.#totals.get(route) ?? 0) + count)
    }
    const samples = [...this.#series].map(([route, series]): Sample => ({ series, kind: 'sum', value: this.#totals.get(route)! }))
    this.#windows.ingest(samples, this.now.monotonicMs, true)
    const judgement = judge({
      rules: [this.#rule],
      readings: this.#windows.readings(this.now.monotonicMs),
      alerts: this.#alerts,
      service: 'service',
      alertId: (name, labels) => `id of ${alertKey(name, labels)}`,
      now: this.now,
    })
    this.#alerts = judgement.alerts
    return judgement
  }
}

const told = ({ transitions }: Judgement) => transitions.map(({ type, alert: { labels } }) => [type, labels?.['route']])

test('every value has a verdict and an alert of its own', () => {
  const service = new Judged(many)
  service.after({ cart: 1, search: 1, home: 1 })
  const judgement = service.after({ cart: 9, search: 9 })
  expect(judgement.verdicts).toMatchObject([
    { rule: 'many_failures', kind: 'breach', labels: { route: 'cart' }, value: { n: 10 } },
    { rule: 'many_failures', kind: 'breach', labels: { route: 'search' }, value: { n: 10 } },
    { rule: 'many_failures', kind: 'ok', labels: { route: 'home' }, value: { n: 1 } },
  ])
  expect(told(judgement)).toEqual([
    ['fired', 'cart'],
    ['fired', 'search'],
  ])
  expect([service.alert('cart')?.id, service.alert('search')?.id]).toEqual([
    'id of ["many_failures",["route","cart"]]',
    'id of ["many_failures",["route","search"]]',
  ])
  expect([service.alert('home'), service.alert()]).toEqual([undefined, undefined])
})

test('one value recovers while another fires', () => {
  const service = new Judged(many)
  service.after({ cart: 0, search: 0 })
  service.after({ cart: 9, search: 9 })
  const later = Array.from({ length: 35 }, () => service.after({ search: 9 }))
  expect(later.flatMap(told)).toEqual([['resolved', 'cart']])
  expect([service.alert('cart')?.state, service.alert('search')?.state]).toEqual(['resolved', 'firing'])
})

test('while no value was seen yet, the whole is judged, and no alert has a label', () => {
  const service = new Judged(many)
  service.after({})
  const { verdicts, transitions } = service.after({})
  expect(verdicts).toMatchObject([{ rule: 'many_failures', kind: 'ok', value: { n: 0 } }])
  expect(verdicts[0]).not.toHaveProperty('labels')
  expect(transitions).toEqual([])
})

test('series without the attribute are one alert without a label, and only of those', () => {
  const service = new Judged(many)
  service.after({ cart: 0 })
  const judgement = service.after({ '': 9 })
  expect(told(judgement)).toEqual([['fired', undefined]])
  expect(judgement.verdicts.map(({ kind, labels }) => [kind, labels])).toEqual([
    ['ok', { route: 'cart' }],
    ['breach', undefined],
  ])
  expect(service.alert()).toMatchObject({ state: 'firing', value: { n: 9 } })
  expect(service.alert()).not.toHaveProperty('labels')
})

test('an alert that an earlier process left is judged although its value was not seen yet', () => {
  const before = new Judged(many)
  before.after({ cart: 0 })
  before.after({ cart: 9 })
  const document = saved(before.alert('cart')!, before.now)
  const start = { monotonicMs: 0, epochMs: before.now.epochMs + 5000 }
  const service = new Judged(many, [loaded(document, start)!])
  // 20 s are too few to know that there are none; what is not known resolves nothing.
  const first = service.after({ search: 1 })
  expect(first.transitions).toEqual([])
  expect(service.alert('cart')).toMatchObject({ state: 'firing', labels: { route: 'cart' }, id: before.alert('cart')!.id, episode: 1 })
  expect(first.verdicts.map(({ labels }) => labels?.['route'])).toEqual(['search', 'cart'])
  // It resolves like any other, once it was fine for as long as that takes.
  const later = Array.from({ length: 6 }, () => service.after({}))
  expect(later.flatMap(({ transitions }) => transitions)).toMatchObject([
    { type: 'resolved', cause: 'condition', alert: { labels: { route: 'cart' } } },
  ])
})

test('the alerts of all values are removed with their rule', () => {
  const service = new Judged(many)
  service.after({ cart: 0 })
  const { alerts } = service.after({ cart: 9, '': 9 })
  const { transitions } = judge({
    rules: [],
    readings: new Windows([], 0).readings(0),
    alerts,
    service: 'service',
    alertId: () => '',
    now: service.now,
  })
  expect(transitions.map(({ type, cause, alert: { labels } }) => [type, cause, labels])).toEqual([
    ['resolved', 'rule_removed', { route: 'cart' }],
    ['resolved', 'rule_removed', undefined],
  ])
})

test('a rule that is not split any more has the alerts of its values removed', () => {
  const service = new Judged(many)
  service.after({ cart: 0 })
  service.after({ cart: 9 })
  const whole = new Judged(rule('many_failures').when(increase(failures).over('10m')).above(5), [service.alert('cart')!])
  expect(whole.after({}).transitions).toMatchObject([{ type: 'resolved', cause: 'rule_removed', alert: { labels: { route: 'cart' } } }])
})

test('the 51st value and all after it are judged together, as _OTHER', () => {
  const service = new Judged(many)
  const routes = (from: number, to: number, count: number) =>
    Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`route${from + i}`, count]))
  service.after(routes(0, 50, 0))
  expect(service.overflowing).toEqual([])
  // Three of each are few; of eight together they are not.
  const judgement = service.after({ ...routes(50, 58, 3), route7: 9 })
  expect(told(judgement)).toEqual([
    ['fired', 'route7'],
    ['fired', '_OTHER'],
  ])
  expect(service.alert('_OTHER')?.value).toMatchObject({ n: 24 })
  expect(judgement.verdicts).toHaveLength(51)
  expect(service.overflowing).toEqual(['route'])
})

test('series that call themselves _OTHER take none of the 50 places away and are counted with those beyond', () => {
  const service = new Judged(many)
  service.after({ _OTHER: 2, ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`route${i}`, 0])) })
  service.after({ more: 4 })
  expect(service.alert('route49')).toBeUndefined()
  expect(service.alert('_OTHER')?.value).toMatchObject({ n: 6 })
})

test.for([
  { why: 'begins with the value', sentence: many, message: 'cart: The increase of failures is 9 over 10 min (limit 5): 9 in all' },
  { why: 'of its own begins with it too', sentence: many.says('{current} failed'), message: 'cart: 9 failed' },
  { why: 'that has {of} is as it is', sentence: many.says('{current} failed in {of}'), message: '9 failed in cart' },
])('the message $why', ({ sentence, message }) => {
  const service = new Judged(sentence)
  service.after({ cart: 0 })
  service.after({ cart: 9 })
  expect(service.alert('cart')?.message).toBe(message)
})

test.for([
  { why: 'begins with nothing', sentence: many, message: 'The increase of failures is 9 over 10 min (limit 5): 9 in all' },
  { why: 'says all', sentence: many.says('{current} failed in {of}'), message: '9 failed in all' },
])('the message about series without the attribute $why', ({ sentence, message }) => {
  const service = new Judged(sentence)
  service.after({ '': 0 })
  service.after({ '': 9 })
  expect(service.alert()?.message).toBe(message)
})
