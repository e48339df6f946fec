/** Who knows the name of a kind of service: one list, and the kind itself. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

import { KINDS } from '../../src/kinds/index.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What the package exports by name: people write it in their own code, and nothing goes through it. */
const BY_NAME = 'src/index.ts'

function sources(folder: string): { readonly file: string; readonly code: string }[] {
  return readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => ({ file: `${folder}/${name}`, code: withoutComments(readFileSync(`${ROOT}${folder}/${name}`, 'utf8')) }))
}

/** Node says `worker` of a thread that begins. */
function withoutThreads(text: string): string {
  return text.replaceAll(/process\.(?:on|off)\('worker'/g, '')
}

function withoutComments(text: string): string {
  return withoutThreads(text)
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
}

/** The name as a text of its own, or the folder of the kind. A thread or a process of a cluster is called a worker as well. */
function isNamed(name: string, code: string): boolean {
  const folder = name.replaceAll('_', '-')
  return new RegExp(`['"\`]${name}['"\`]|['"\`](?:[./]*|[./]*kinds/)${folder}/`).test(code)
}

const OUTSIDE = [...sources('src'), ...sources('scripts')].filter(({ file }) => !/^src\/kinds\/[^/]+\//.test(file) && file !== BY_NAME)

test.for(KINDS.map(({ name }) => name))('%s is known in one place outside the folders of kinds', (name) => {
  expect(OUTSIDE.filter(({ code }) => isNamed(name, code)).map(({ file }) => file)).toEqual(['src/kinds/list.ts'])
})

test('every folder of a kind is a line of the list, and is called as the kind is', () => {
  const folders = readdirSync(`${ROOT}src/kinds`, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [each.name] : []))
  expect(folders.toSorted()).toEqual(KINDS.map(({ name }) => name.replaceAll('_', '-')).toSorted())
  const lines = readFileSync(`${ROOT}src/kinds/list.ts`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('export'))
  expect(lines).toHaveLength(folders.length)
})

test('dashboards know no metric of a kind', () => {
  const words = new RegExp(
    KINDS.flatMap(({ metrics }) => metrics)
      .flatMap(({ name }) => [name, name.replaceAll(/[._]/g, '_').toUpperCase()])
      .map((name) => `\\b${name.replaceAll('.', '\\.')}\\b`)
      .join('|'),
  )
  const drawing = OUTSIDE.filter(({ file }) => /^(src\/(generate|panels)|scripts)\//.test(file))
  expect(drawing.length).toBeGreaterThan(10)
  expect(drawing.filter(({ code }) => words.test(code) || /apple/i.test(code)).map(({ file }) => file)).toEqual([])
})

test('what draws is loaded where something is drawn, and never in a service', () => {
  const drawn = /^(src\/(generate|panels)\/|src\/kinds\/[^/]+\/dashboard\.ts$|scripts\/)/
  const loads = sources('src').filter(
    ({ file, code }) => !drawn.test(file) && /^import (?!type\b)[^'"]*['"][^'"]*(?:\/panels\/|\/generate\/|\/dashboard\.ts)/m.test(code),
  )
  expect(loads.map(({ file }) => file)).toEqual([])
})

test('one kind is that of a service that does not say', () => {
  expect(KINDS.filter(({ isDefault }) => isDefault)).toHaveLength(1)
})
