/** Of its own accord an instance says nothing of what it finds well: what another fires is none of its business. */
import { describe, expect, test } from 'vitest'
import { alertKey } from '../../src/judge/judge.ts'
import { inconclusive, ok } from '../../src/judge/verdicts.ts'
import { Evidence } from '../../src/service/evidence.ts'
import type { Alert, AlertState, Attributes, Rule, RuleScope, ServiceAlert, TransitionCause, Verdict } from '../../src/types.ts'
import { alertId } from '../../src/wire/alert-id.ts'
import { alertOf } from '../wire/fixtures.ts'

const SERVICE = 'tracker_fetcher'
const NOW = { monotonicMs: 61_000, epochMs: 1_700_000_000_000 }
const FINE = { message: 'Success rate is 99 %', value: { current: 99, threshold: 80, unit: 'percent' } }

function ruleOf(name: string, scope: RuleScope = 'any'): Rule {
  return {
    name,
    scope,
    summary: '',
    forSeconds: 0,
    keepFiringSeconds: 0,
    needs: [],
    runbook: 'https://runbooks.example',
    judge: () => ok(name, FINE),
  }
}

const idOf = (rule: string, labels?: Attributes) => alertId(rule, SERVICE, labels)

function openAlert(rule: string, change: Partial<ServiceAlert> = {}): ServiceAlert {
  const { state, severity, episode, since, message, value } = alertOf()
  return { id: idOf(rule), rule, service: SERVICE, state, severity, episode, since, message, value, asks: true, ofOthers: true, ...change }
}

function evidenceOf(rules: readonly Rule[]) {
  const saved: { readonly alert: Alert; readonly cause: TransitionCause | undefined }[] = []
  const evidence = new Evidence({
    rules,
    service: SERVICE,
    alertId: (rule, labels) => idOf(rule, labels),
    save: (alert, cause) => void saved.push({ alert, cause }),
  })
  const judged = (verdicts: readonly Verdict[], alerts: readonly Alert[] = []) =>
    evidence.say({ verdicts, alerts: new Map(alerts.map((alert) => [alertKey(alert.rule, alert.labels), alert])) }, NOW)
  /** `rule state`, and whether anything is known of it. */
  const said = () =>
    saved
      .splice(0)
      .map(({ alert: { rule, state, frozenAt }, cause }) =>
        [rule, state, ...(frozenAt === undefined ? [] : ['?']), ...(cause ? [cause] : [])].join(' '),
      )
  return { evidence, judged, said, saved }
}

const well = (rule: string): Verdict => ok(rule, FINE)

describe('asked by nobody, an instance that is well says nothing', () => {
  test.for([
    { why: 'where nothing is open', open: [] },
    { why: 'of what another fires, who can tell when it is over', open: [openAlert('low_rate', { asks: false })] },
    { why: 'of what is asked of another rule', open: [openAlert('large_queue')] },
  ])('$why', ({ open }) => {
    const { evidence, judged, said } = evidenceOf([ruleOf('low_rate'), ruleOf('large_queue')])
    evidence.observe(open)
    judged([well('low_rate'), inconclusive('large_queue', 'stale')])
    expect(said()).toEqual([])
  })
})

describe('asked about an alert', () => {
  test('it says once that it finds it well, with what it found', () => {
    const { evidence, judged, saved } = evidenceOf([ruleOf('low_rate', 'shared')])
    evidence.observe([openAlert('low_rate')])
    judged([well('low_rate')])
    judged([well('low_rate')])
    expect(saved).toMatchObject([
      {
        alert: {
          ...{
            id: idOf('low_rate'),
            rule: 'low_rate',
            service: SERVICE,
            scope: 'shared',
            state: 'inactive',
            episode: 1,
            frozenAt: undefined,
          },
          ...{ message: FINE.message, value: FINE.value, runbook: 'https://runbooks.example' },
        },
        cause: undefined,
      },
    ])
  })

  test('it says so again each time it is asked', () => {
    const { evidence, judged, said } = evidenceOf([ruleOf('low_rate')])
    for (let i = 0; i < 2; i++) {
      evidence.observe([openAlert('low_rate')])
      judged([well('low_rate')])
    }
    expect(said()).toEqual(['low_rate inactive', 'low_rate inactive'])
  })

  test.for<{ why: string; state: AlertState; says: readonly string[] }>([
    { why: 'that it pends, is said by its own changes', state: 'pending', says: [] },
    { why: 'that it fires, is said by its own changes', state: 'firing', says: [] },
    { why: 'that it recovers, is said by its own changes', state: 'recovering', says: [] },
    { why: 'that it was over with its own episode, which it keeps', state: 'resolved', says: ['low_rate resolved'] },
    { why: 'that it came to nothing', state: 'inactive', says: ['low_rate inactive'] },
  ])('$why', ({ state, says }) => {
    const { evidence, judged, saved, said } = evidenceOf([ruleOf('low_rate')])
    evidence.observe([openAlert('low_rate')])
    judged([well('low_rate')], [alertOf({ id: idOf('low_rate'), rule: 'low_rate', state, episode: 4 })])
    for (const { alert } of saved) expect(alert.episode).toBe(4)
    expect(said()).toEqual(says)
  })

  test('it says nothing while it does not know, and what it finds when it does', () => {
    const { evidence, judged, said } = evidenceOf([ruleOf('low_rate')])
    evidence.observe([openAlert('low_rate')])
    judged([inconclusive('low_rate', 'starting')])
    expect(said()).toEqual([])
    judged([well('low_rate')])
    expect(said()).toEqual(['low_rate inactive'])
  })

  test('it says nothing when it was judged in part, without that rule', () => {
    const { evidence, judged, said } = evidenceOf([ruleOf('low_rate'), ruleOf('large_queue')])
    evidence.observe([openAlert('low_rate')])
    judged([well('large_queue')])
    expect(said()).toEqual([])
  })

  test('it tells those of a rule that is split apart', () => {
    const { evidence, judged, saved } = evidenceOf([ruleOf('low_rate')])
    const labels = (name: string) => ({ 'work.name': name })
    evidence.observe([openAlert('low_rate', { id: idOf('low_rate', labels('mail')), labels: labels('mail') })])
    judged([
      { ...well('low_rate'), labels: labels('push') },
      { ...well('low_rate'), labels: labels('mail') },
    ])
    expect(saved.map(({ alert }) => [alert.id, alert.labels])).toEqual([[idOf('low_rate', labels('mail')), labels('mail')]])
  })
})

describe('of what all must find', () => {
  const steps = (verdicts: readonly Verdict[], alerts: readonly (readonly Alert[])[] = []) => {
    const { judged, said } = evidenceOf([ruleOf('no_work', 'all'), ruleOf('low_rate')])
    return verdicts.map((verdict, i) => {
      judged([verdict], alerts[i])
      return said()
    })
  }
  const unknown = inconclusive('no_work', 'stale')
  const own = (state: AlertState) => [alertOf({ id: idOf('no_work'), rule: 'no_work', state })]

  test('it says that it finds it well without being asked, once', () => {
    expect(steps([well('no_work'), well('no_work'), well('low_rate')])).toEqual([['no_work inactive'], [], []])
  })

  test('it says that it does not know any more: what it said does not hold', () => {
    expect(steps([unknown, well('no_work'), unknown, unknown, well('no_work')])).toEqual([
      [],
      ['no_work inactive'],
      ['no_work inactive ?'],
      [],
      ['no_work inactive'],
    ])
  })

  test('it says that it does not know where an alert of its own was over, or that of an earlier process of its name', () => {
    expect(steps([unknown, unknown, well('no_work')], [own('inactive'), own('inactive'), own('inactive')])).toEqual([
      ['no_work inactive ?'],
      [],
      ['no_work inactive'],
    ])
  })

  test('it says it anew after an alert of its own', () => {
    expect(steps([well('no_work'), well('no_work'), well('no_work')], [[], own('firing'), own('resolved')])).toEqual([
      ['no_work inactive'],
      [],
      ['no_work resolved'],
    ])
  })
})

describe('a rule that nobody has any more', () => {
  test('is said to be removed, so that its alert is over', () => {
    const { evidence, judged, said } = evidenceOf([ruleOf('low_rate')])
    evidence.observe([openAlert('old_rule'), openAlert('low_rate')])
    judged([well('low_rate')])
    judged([well('low_rate')])
    expect(said()).toEqual(['low_rate inactive', 'old_rule inactive rule_removed'])
  })

  test.for([
    { why: 'as long as somebody who has it is alive', open: openAlert('old_rule', { asks: false }) },
    { why: 'where it is an alert of another service', open: openAlert('old_rule', { service: 'geocoding' }) },
  ])('is left alone $why', ({ open }) => {
    const { evidence, judged, said } = evidenceOf([ruleOf('low_rate')])
    evidence.observe([open])
    judged([well('low_rate')])
    expect(said()).toEqual([])
  })
})
