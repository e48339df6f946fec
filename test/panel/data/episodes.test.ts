import { expect, test } from 'vitest'

import { alertTimeline, type TimelineFacts } from '../../../src/panel/data/alert-timeline.ts'
import { alertRow } from '../../../src/panel/data/alert-row.ts'
import { episodeRows } from '../../../src/panel/data/episodes.ts'
import type { KnownTransition } from '../../../src/panel/data/transition-row.ts'
import type { AuditRow } from '../../../src/panel/protocol.ts'
import { alertView, iso } from './views.ts'

let n = 0
function transition(type: string, at: number, more: Partial<KnownTransition> = {}): KnownTransition {
  const state = type === 'resolved' ? 'resolved' : 'firing'
  return {
    ...{ id: `${at}-${++n}`, at, since: at, type, alertId: 'a1', episode: 1, service: 'mailer', rule: 'slow', severity: 'WARNING', state },
    ...{ message: type, deliver: true, cause: 'condition', actor: null, told: null },
    ...more,
  }
}

function action(at: number, kind: string, about: Readonly<Record<string, string>> = {}): AuditRow {
  return { id: `${at}-0`, at, actor: 'ada', from: 'laptop', action: kind, why: 'w', about: { alert: 'a1', ...about } }
}

const FACTS: TimelineFacts = { document: undefined, transitions: [], knownSince: 0, told: [], audit: [] }
const kinds = (facts: Partial<TimelineFacts>, episode?: number) =>
  alertTimeline({ ...FACTS, ...facts }, episode)?.steps.map(
    (step) => `${step.at} ${step.kind === 'transition' ? step.transition.type : step.kind}`,
  )

test('an episode goes from its beginning to its end, as bad as it ever was', () => {
  const told = [
    transition('fired', 100),
    transition('escalated', 200, { severity: 'CRITICAL' }),
    transition('deescalated', 300),
    transition('resolved', 400),
  ]
  expect(episodeRows(told)).toEqual([
    { alertId: 'a1', episode: 1, rule: 'slow', severity: 'CRITICAL', from: 100, to: 400, message: 'escalated' },
  ])
})

test('the newest episode is first, and one that is open has no end', () => {
  const told = [transition('fired', 100), transition('resolved', 200), transition('fired', 300, { episode: 2 })]
  expect(episodeRows(told).map(({ episode, from, to }) => [episode, from, to])).toEqual([
    [2, 300, undefined],
    [1, 100, 200],
  ])
})

test('an episode whose beginning is no longer known began when its first message says', () => {
  expect(episodeRows([transition('updated', 500, { since: 100 })])[0]).toMatchObject({ from: 100 })
})

test('a timeline has what was found, told and done, in its order', () => {
  const facts = {
    transitions: [transition('fired', 10_000), transition('acked', 20_000), transition('resolved', 90_000)],
    told: [{ kind: 'told', at: 10_000, target: 'slack', type: 'fired', severity: 'WARNING' }] as const,
    audit: [action(200_000, 'note'), action(20_000, 'ack')],
    rule: { forSeconds: 5 },
  }
  expect(kinds(facts)).toEqual([
    '5000 breach',
    '10000 fired',
    '10000 told',
    '20000 action',
    '20000 acked',
    '90000 resolved',
    '200000 action',
  ])
})

test('each episode has its own steps', () => {
  const facts = {
    transitions: [transition('fired', 10_000), transition('resolved', 20_000), transition('fired', 30_000, { episode: 2 })],
    audit: [action(15_000, 'ack'), action(35_000, 'ack'), action(40_000, 'note', { episode: '1' })],
  }
  expect(kinds(facts, 1)).toEqual(['10000 fired', '15000 action', '20000 resolved', '40000 action'])
  expect(kinds(facts)).toEqual(['30000 fired', '35000 action'])
  expect(kinds(facts, 3)).toBeUndefined()
})

test('an alert of which the stream knows nothing any more is shown by its document', () => {
  const document = alertRow(alertView({ state: 'resolved', episode: 4, since: iso(100) }))
  expect(alertTimeline({ ...FACTS, document, knownSince: 500 })).toEqual({
    ...{ alert: document, episode: 4, episodes: [{ episode: 4, from: 100, to: 100 }], steps: [], cut: true },
  })
})

test('an alert that is in breach and has not fired yet has its first step', () => {
  const document = alertRow(alertView({ state: 'pending', episode: 2, since: iso(5000), message: 'slow' }))
  const transitions = [transition('fired', 100), transition('resolved', 200)]
  expect(kinds({ document, transitions })).toEqual(['5000 breach'])
  expect(kinds({ document, transitions }, 1)).toEqual(['100 fired', '200 resolved'])
  expect(kinds({ document: { ...document, state: 'inactive' }, transitions })).toEqual(['100 fired', '200 resolved'])
  expect(kinds({ document: { ...document, state: 'inactive' } })).toBeUndefined()
})

test('that the beginning is no longer known is said', () => {
  const cut = (...transitions: readonly KnownTransition[]) => alertTimeline({ ...FACTS, transitions, knownSince: 400 })!.cut
  expect(cut(transition('updated', 500, { since: 100 }))).toBe(true)
  expect(cut(transition('fired', 500))).toBe(false)
})

test('nothing is known of an alert that nobody has heard of', () => {
  expect(alertTimeline(FACTS)).toBeUndefined()
})
