/** The scenarios by the specification: src/judge and src/overlays. test/wire/scripts/scenarios.test.ts has Redis do the same. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { ServerInMemory } from './scenario-in-memory.ts'
import { runScenario, type Scenario } from './scenario.ts'

const scenarios = parse(readFileSync(new URL('../scenarios.yaml', import.meta.url), 'utf8')) as readonly Scenario[]

test.for(scenarios)('$name', async (scenario) => {
  const { all, delivered } = await runScenario(scenario, new ServerInMemory())
  expect({ all, delivered }).toEqual({ all: scenario.expect ?? all, delivered: scenario.expect_delivered ?? delivered })
  expect(scenario.expect ?? scenario.expect_delivered).toBeDefined()
})
