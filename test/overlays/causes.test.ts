import { expect, test } from 'vitest'

import { causesOfRules } from '../../src/overlays/causes.ts'

const of = (inhibitedBy: readonly string[]) =>
  causesOfRules([{ name: 'r', inhibitedBy }], { service: 's', dependsOn: ['payments', 'redis'], checks: ['redis'] }).get('r')

test.for([
  { by: ['other_rule'], is: ['s:other_rule'], why: 'a rule of the same service' },
  { by: ['dependency_down'], is: ['s:dependency_down', 'payments:CRITICAL'], why: 'own checks, and other services that it depends on' },
])('$why', ({ by, is }) => {
  expect(of(by)).toEqual(is)
})

test('a rule that nothing explains has none', () => {
  expect(causesOfRules([{ name: 'r' }], { service: 's', dependsOn: ['payments'], checks: [] }).size).toBe(0)
})
