import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { REFERENCE, reference } from '../scripts/reference.ts'
import { VERSION } from '../src/version.ts'
import packageJson from '../package.json' with { type: 'json' }

test('docs/reference.md is what the code says: npm run generate', () => {
  expect(readFileSync(REFERENCE, 'utf8')).toBe(reference())
})

test('the version that is exported is that of the package', () => {
  expect(VERSION).toBe(packageJson.version)
})
