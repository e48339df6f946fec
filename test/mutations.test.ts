import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

import { broken, GUARDED } from '../scripts/mutations.ts'

const pathOf = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url))
const guards = GUARDED.flatMap(({ file, guards: of }) => of.map((guard) => ({ file, ...guard })))

test.for(guards)('$file can be broken: $breaks', ({ file, ...guard }) => {
  const source = readFileSync(pathOf(file), 'utf8')
  expect(broken(source, file, guard)).not.toBe(source)
})

test('at least 30 guards are broken, each a guarantee of its own, by tests that are there', () => {
  expect(guards.length).toBeGreaterThanOrEqual(30)
  expect(new Set(guards.map(({ breaks }) => breaks)).size).toBe(guards.length)
  expect(GUARDED.flatMap(({ tests }) => tests).filter((file) => !existsSync(pathOf(file)))).toEqual([])
})

test.for([
  { why: 'is not there', source: 'if (b) return', times: 0 },
  { why: 'is there twice', source: 'if (a) return\nif (a) return', times: 2 },
])('a guard that $why is a mistake that is named', ({ source, times }) => {
  const guard = { breaks: 'nothing is lost', text: 'if (a)', becomes: 'if (false)' }
  expect(() => broken(source, 'src/a.ts', guard)).toThrow(
    `src/a.ts has "if (a)" ${times} times, expected once ("nothing is lost"): say in scripts/guards how it is now.`,
  )
})
