/** What is changed of a rule that is there is either judged or refused with a sentence: nothing is taken and ignored. */
import { expect, test } from 'vitest'

import { checkHealthConfig } from '../../src/config/health-config.ts'
import { resolveOptions } from '../../src/config/options.ts'
import { profileOfService } from '../../src/config/profile.ts'
import { defineKind } from '../../src/kinds/define-kind.ts'
import { KINDS } from '../../src/kinds/index.ts'
import type { Kind } from '../../src/kinds/kind.ts'
import { EVERY_SERVICE_RULE_NAMES } from '../../src/rules/every-service.ts'
import type { RulesConfig } from '../../src/rules/rules-config.ts'
import { anyService } from '../../src/service/any-service.ts'
import type { Profile } from '../../src/types.ts'

/** As a monitor reads them that is given them in code. */
function profileFor(rules: unknown, kind: Pick<Kind, 'name'> = KINDS.find(({ name }) => name === 'tracker_fetcher')!): Profile {
  return profileOfService(kind as Kind, resolveOptions({ env: {}, code: { rules: rules as RulesConfig } }))
}

const namesOf = ({ rules }: Profile): string[] => rules.map(({ name }) => name)

test.for(KINDS.flatMap((kind) => kind.ruleNames.concat(EVERY_SERVICE_RULE_NAMES).map((rule) => ({ kind, name: kind.name, rule }))))(
  '$rule of a $name is switched off in code, in health.config and in a kind of its own',
  ({ kind, rule }) => {
    const off = { [rule]: false } as const
    const profiles = [
      profileFor(off, kind),
      profileFor(checkHealthConfig({ profile: kind.name, rules: off }, 'health.config.js', KINDS).rules, kind),
      profileFor({}, defineKind({ name: 'mine', base: kind.name, rules: off })),
    ]
    const all = namesOf(profileFor({}, kind))
    for (const profile of profiles) {
      expect(namesOf(profile)).toEqual(all.filter((name) => name !== rule))
      expect(profile.mayBeSilent ?? false).toBe(rule === 'service_silent')
    }
  },
)

const CHANGEABLE = 'limit, critical, clear, for, keepFiring, where, by, runbook, inhibitedBy, plain, recover'

test.for([
  {
    why: 'a word that is none',
    rules: { large_queue: { limitt: 5 } },
    says: `The rule large_queue is there already, and "limitt" of it cannot be changed: change ${CHANGEABLE}, or give a rule of your own another name.`,
  },
  {
    why: 'what belongs to the rule',
    rules: { large_queue: { scope: 'all' } },
    says: `The rule large_queue is there already, and "scope" of it cannot be changed: change ${CHANGEABLE}, or give a rule of your own another name.`,
  },
  {
    why: 'a number alone',
    rules: { large_queue: 5 },
    says: `What is to be other in the rule large_queue is 5, expected an object with ${CHANGEABLE}, or false to switch it off.`,
  },
  {
    why: 'true',
    rules: { large_queue: true },
    says: `What is to be other in the rule large_queue is true, expected an object with ${CHANGEABLE}, or false to switch it off.`,
  },
  {
    why: 'limits of silence, which nobody in the service judges',
    rules: { service_silent: { for: 60 } },
    says: 'What is to be other in the rule service_silent is {"for":60}, expected false, for it can only be switched off.',
  },
  {
    why: 'a limit of a state',
    rules: { dependency_down: { limit: 1 } },
    says: 'The rule dependency_down has a limit, but a state is judged by isNot: leave above, below, critical and clear out.',
  },
  {
    why: 'a critical limit of a state',
    rules: { anisette_unreachable: { critical: 1 } },
    says: 'The rule anisette_unreachable has a limit, but a state is judged by isNot: leave above, below, critical and clear out.',
  },
  {
    why: 'a critical limit on the wrong side',
    rules: { restart_loop: { limit: 5 } },
    says: 'The critical limit of restart_loop is 4, expected at least its limit (5).',
  },
  {
    why: 'a state that is split by its states',
    rules: { dependency_down: { by: 'health.state' } },
    says: 'The rule dependency_down is split by health.state, whose states it judges: use another attribute.',
  },
  {
    why: 'a selection of a metric that has no attributes',
    rules: { restart_loop: { where: { region: 'eu' } } },
    says: 'The rule restart_loop selects series of health.restarts by region, but it has no attributes: leave where out.',
  },
  {
    why: 'a split of a metric that has no attributes',
    rules: { restart_loop: { by: 'region' } },
    says: 'The rule restart_loop is split by region, but health.restarts has no attributes: leave by out.',
  },
])('is refused: $why', ({ rules, says }) => {
  expect(() => profileFor(rules)).toThrow(new Error(says))
})

test('a word in a rule of one’s own that no rule knows is refused, in code as in health.config', () => {
  const rules = { mine: { when: { reading: 'level', of: 'process.memory.usage' }, above: 1, treshold: 2 } }
  expect(() => profileFor(rules)).toThrow(/^The rule mine has "treshold", which no rule knows: it may have name, when, above, /)
  expect(() => checkHealthConfig({ rules }, 'health.config.json', KINDS)).toThrow(/"treshold" is not a known key/)
})

test('the rules of every service are those of a service of no kind', () => {
  expect(namesOf(profileFor({}, anyService))).toEqual(EVERY_SERVICE_RULE_NAMES.filter((name) => name !== 'service_silent'))
})

test('a kind of its own does not change what its base has not', () => {
  expect(() => defineKind({ name: 'mine', base: 'worker', rules: { low_fetch_rate: false } })).toThrow(
    /^The rule "low_fetch_rate" is not there to be changed: a worker has large_queue, /,
  )
  expect(() => defineKind({ name: 'mine', rules: { service_silent: { for: 1 } } })).toThrow(
    /expected false, for it can only be switched off\.$/,
  )
})
