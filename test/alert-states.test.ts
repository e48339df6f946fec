import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { ALERT_STATES, alertStates } from '../scripts/alert-states.ts'

test('docs/alert-states.md is the table that runs: npm run generate', () => {
  expect(readFileSync(ALERT_STATES, 'utf8')).toBe(alertStates())
})
