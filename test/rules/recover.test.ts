/** Rules that say that a restart mends what they find: only those of what a restart can mend. */
import { describe, expect, test } from 'vitest'

import { EVERY_SERVICE } from '../../src/catalogue.ts'
import { checkHealthConfig } from '../../src/config/health-config.ts'
import { resolveOptions } from '../../src/config/options.ts'
import { profileOfService } from '../../src/config/profile.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { counter, gauge } from '../../src/rules/metric-ref.ts'
import { increase, level } from '../../src/rules/readings.ts'
import { rule } from '../../src/rules/rule.ts'
import type { RulesConfig } from '../../src/rules/rules-config.ts'
import type { Rule } from '../../src/types.ts'

function ruleOf(name: string, rules: unknown, kind: string = 'worker'): Rule | undefined {
  const code = { rules: rules as RulesConfig, metrics: [gauge('cache.size'), counter('mail.failures')] }
  const profile = profileOfService(
    KINDS.find((each) => each.name === kind)!,
    resolveOptions({ env: {}, code }),
  )
  return profile.rules.find((each) => each.name === name)
}

const OUTSIDE = 'it is about what is outside of the process, which stays as it is'
const big = rule('big_cache')
  .when(level(gauge('cache.size')))
  .above(10)

describe('a rule is marked', () => {
  test.for([
    { how: 'as a sentence', rules: [big.recover('restart')] },
    { how: 'as data', rules: { big_cache: { when: { reading: 'level', of: 'cache.size' }, above: 10, recover: 'restart' } } },
  ])('$how', ({ rules }) => {
    expect(ruleOf('big_cache', rules)?.recover).toBe('restart')
    expect(checkHealthConfig({ rules }, 'health.config.js', KINDS).rules).toBe(rules)
  })

  test.for([
    { kind: 'worker', name: 'low_work_rate' },
    { kind: 'tracker_fetcher', name: 'low_fetch_rate' },
    { kind: 'geocoding', name: 'low_cache_hit_rate' },
  ])('$name, which a $kind has', ({ kind, name }) => {
    expect(ruleOf(name, { [name]: { recover: 'restart' } }, kind)?.recover).toBe('restart')
  })

  test('by nobody else', () => {
    for (const kind of KINDS) {
      const { rules } = profileOfService(kind, resolveOptions({ env: {} }))
      expect(rules.filter(({ recover }) => recover !== undefined)).toEqual([])
    }
  })
})

describe('a restart would mend nothing', () => {
  test.for([
    { why: 'a check of what it depends on', kind: 'worker', name: 'dependency_down', says: `health.dependency.status, and ${OUTSIDE}` },
    { why: 'a slow upstream', kind: 'worker', name: 'slow_upstream', says: `work.upstream.slow, and ${OUTSIDE}` },
    { why: 'a slow Apple', kind: 'tracker_fetcher', name: 'slow_apple_api', says: `tracker_fetcher.upstream.slow, and ${OUTSIDE}` },
    {
      why: 'a blocked account',
      kind: 'tracker_fetcher',
      name: 'apple_account_unauthenticated',
      says: `tracker_fetcher.account.status, and ${OUTSIDE}`,
    },
    {
      why: 'a dead anisette',
      kind: 'tracker_fetcher',
      name: 'anisette_unreachable',
      says: `tracker_fetcher.anisette.status, and ${OUTSIDE}`,
    },
    { why: 'a failing provider', kind: 'geocoding', name: 'failing_provider', says: `work.upstream.duration, and ${OUTSIDE}` },
    { why: 'a provider that refuses', kind: 'geocoding', name: 'rate_limited', says: `work.upstream.duration, and ${OUTSIDE}` },
    { why: 'a used quota', kind: 'geocoding', name: 'quota_nearly_used', says: `geocoding.quota.usage, and ${OUTSIDE}` },
    { why: 'restarts', kind: 'worker', name: 'restart_loop', says: 'health.restarts, and it counts restarts, and would only grow' },
    { why: 'an end', kind: 'worker', name: 'drain_stuck', says: 'health.draining.time, and the process is ending already' },
  ])('of $why', ({ kind, name, says }) => {
    expect(() => ruleOf(name, { [name]: { recover: 'restart' } }, kind)).toThrow(
      `The rule ${name} has recover: "restart", but a restart would mend nothing: it reads ${says}. Leave recover out.`,
    )
  })

  test('of what all instances share', () => {
    expect(() => ruleOf('large_queue', { large_queue: { recover: 'restart' } })).toThrow(
      'a restart would mend nothing: it is about what all instances share, and each of them would be started again for it.',
    )
  })

  test('of a metric of every service that somebody declares anew', () => {
    const { name } = EVERY_SERVICE.find(({ instrument, restartMendsNothing }) => instrument === 'counter' && restartMendsNothing)!
    const own = rule('many_lost')
      .when(increase(counter(name)))
      .above(10)
      .recover('restart')
    expect(() => ruleOf('many_lost', [own])).toThrow(`it reads ${name}, and ${OUTSIDE}`)
  })

  test('of silence, which nobody in the service judges', () => {
    expect(() => ruleOf('service_silent', { service_silent: { recover: 'restart' } })).toThrow(
      'expected false, for it can only be switched off',
    )
  })
})

test.for([{ given: 'reboot' }, { given: true }, { given: null }, { given: ['restart'] }])('refused: recover $given', ({ given }) => {
  const { data } = big
  expect(() => ruleOf('big_cache', [{ ...data, recover: given }])).toThrow(/^recover of the rule big_cache is .*, expected "restart"\.$/)
  expect(() => ruleOf('low_work_rate', { low_work_rate: { recover: given } })).toThrow(
    /^recover of the rule low_work_rate is .*, expected "restart"\.$/,
  )
})
