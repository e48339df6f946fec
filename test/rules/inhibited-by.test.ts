/** Which rules explain which: said in a sentence or as data, and only of rules that there are. */
import { expect, test } from 'vitest'

import { limitsOf } from '../../src/config/limits.ts'
import { defaultSettings } from '../../src/config/settings.ts'
import { trackerFetcher, worker } from '../../src/kinds/list.ts'
import { counter } from '../../src/rules/metric-ref.ts'
import { increase } from '../../src/rules/readings.ts'
import { rule } from '../../src/rules/rule.ts'
import type { RuleData } from '../../src/rules/rule-data.ts'
import { profileOf } from '../../src/rules/service-kind.ts'

const bounced = rule('many_bounces')
  .when(increase(counter('mail.failures')))
  .above(10)
const kinds = { trackerFetcher, worker }

const profileWith = (data: RuleData) => profileOf(worker, limitsOf(defaultSettings()), { overrides: {}, own: [data] })

test('each cause counts once, however often it is said', () => {
  const { data } = bounced.inhibitedBy('large_queue').inhibitedBy('dependency_down', 'large_queue')
  expect(profileWith(data).rules.find(({ name }) => name === 'many_bounces')?.inhibitedBy).toEqual(['large_queue', 'dependency_down'])
})

test('without a word nothing explains a rule', () => {
  expect(profileWith(bounced.data).rules.find(({ name }) => name === 'many_bounces')?.inhibitedBy).toBeUndefined()
})

test.for([
  {
    given: ['many_bounces'],
    says: 'The rule many_bounces is inhibited by itself, expected names of other rules in inhibitedBy: leave it out.',
  },
  {
    given: ['nothing_such'],
    says: 'The rule many_bounces is inhibited by nothing_such, which is no rule of the service: known are large_queue, ',
  },
  {
    given: 'large_queue',
    says: 'inhibitedBy of the rule many_bounces is "large_queue", expected a list of at most 10 names of other rules.',
  },
  {
    given: ['Large Queue'],
    says: 'inhibitedBy of the rule many_bounces is ["Large Queue"], expected a list of at most 10 names of other rules.',
  },
])('refused: $given', ({ given, says }) => {
  expect(() => profileWith({ ...bounced.data, inhibitedBy: given as readonly string[] })).toThrow(says)
})

test.for([
  { kind: 'trackerFetcher', name: 'low_success_rate', is: ['apple_account_unauthenticated', 'anisette_unreachable', 'dependency_down'] },
  { kind: 'trackerFetcher', name: 'low_fetch_rate', is: ['apple_account_unauthenticated', 'anisette_unreachable', 'dependency_down'] },
  { kind: 'worker', name: 'low_success_rate', is: ['dependency_down'] },
  { kind: 'worker', name: 'low_work_rate', is: ['dependency_down'] },
  { kind: 'worker', name: 'large_queue', is: undefined },
] as const)('$name of a $kind is explained by $is', ({ kind, name, is }) => {
  const found = kinds[kind]
  const { rules } = profileOf(found, limitsOf(defaultSettings()))
  expect(rules.find((each) => each.name === name)?.inhibitedBy).toEqual(is)
})
