import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { hasLoadHookQuirk, isCommonJsEntry } from '../../../src/instrument/hook/load-hook-quirk.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-'))
  await mkdir(join(folder, 'module'))
  const texts = {
    'module/package.json': '{ "type": "module" }',
    'module/f.js': '',
    'a.js': 'require("x")',
    'b.js': 'export {}',
    'c.ts': 'import type { A } from "a"\nexport interface B {}',
    'd.cjs': '',
    'e.mts': '',
  }
  await Promise.all(Object.entries(texts).map(([name, text]) => writeFile(join(folder, name), text)))
})
afterAll(() => rm(folder, { recursive: true }))

test.for([
  { version: '22.18.0', has: true },
  { version: '22.22.2', has: true },
  { version: '22.22.3', has: false },
  { version: '22.23.0', has: false },
  { version: '23.11.0', has: true },
  { version: '24.11.0', has: true },
  { version: '24.11.1', has: false },
  { version: '25.0.0', has: true },
  { version: '26.0.0', has: false },
])('Node $version', ({ version, has }) => {
  expect(hasLoadHookQuirk(version)).toBe(has)
})

test.for([
  { entry: 'a.js', is: true },
  { entry: 'a', is: true },
  { entry: 'b.js', is: false },
  { entry: 'c.ts', is: true },
  { entry: 'd.cjs', is: true },
  { entry: 'e.mts', is: false },
  { entry: 'module/f.js', is: false },
  { entry: 'nowhere.js', is: false },
  { entry: undefined, is: false },
])('whether $entry is CommonJS', ({ entry, is }) => {
  expect(isCommonJsEntry(entry && join(folder, entry))).toBe(is)
})
