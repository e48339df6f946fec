import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { checkHealthConfig } from '../src/config/health-config.ts'
import { resolveOptions } from '../src/config/options.ts'
import { limitsOf } from '../src/config/limits.ts'
import { kindNamed } from '../src/kinds/define-kind.ts'
import { KINDS } from '../src/kinds/index.ts'
import { profileOf } from '../src/rules/service-kind.ts'

test('the JSON in docs/rules.md is a health.config that is judged as it says', () => {
  const text = readFileSync(new URL('../docs/rules.md', import.meta.url), 'utf8')
  const json = /```json\n([\s\S]*?)```/.exec(text)![1]!
  const config = checkHealthConfig(JSON.parse(json), 'health.config.json', KINDS)
  const { settings, rules, metrics } = resolveOptions({ env: {}, config })
  const profile = profileOf(kindNamed(undefined), limitsOf(settings), rules, metrics)
  const own = profile.rules.find(({ name }) => name === 'low_cache_hit_rate')
  expect(own?.limits).toEqual({ breach: 'below', warning: 60, critical: 30, unit: 'percent' })
  expect(own?.needs).toEqual([
    { kind: 'events', metric: 'cache.lookups', where: { 'cache.result': 'hit' } },
    { kind: 'events', metric: 'cache.lookups' },
  ])
  expect(profile.rules.map(({ name }) => name)).not.toContain('slow_upstream')
  expect(profile.rules.find(({ name }) => name === 'large_queue')?.limits?.warning).toBe(500)
})
