import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Io } from '../../src/cli/commands.ts'
import { init } from '../../src/cli/init.ts'
import { folderWith } from '../doctor/project-folder.ts'

const PACKAGE = '{\n  "name": "mailer",\n  "scripts": {\n    "start": "node server.js"\n  }\n}\n'
const FILES = { 'package.json': PACKAGE, 'server.js': '' }

interface Ended {
  readonly code: number
  readonly out: string
  readonly talk: string
}

async function run(
  cwd: string,
  options: { yes?: boolean; json?: boolean; answer?: string | (() => string); width?: number } = {},
): Promise<Ended> {
  const said = { out: '', talk: '' }
  const { yes = false, json = false, answer, width } = options
  const io: Io = {
    ...{ env: {}, json, redraw: undefined, signal: new AbortController().signal, width: () => width },
    out: (line) => void (said.out += `${line}\n`),
    talk: (line) => void (said.talk += `${line}\n`),
    ...(answer !== undefined && { ask: async () => (typeof answer === 'string' ? answer : answer()) }),
  }
  const code = await init(io, { yes, cwd })
  return { code, ...said }
}

function isAsItWas(folder: string): boolean {
  return readFileSync(join(folder, 'package.json'), 'utf8') === PACKAGE && !existsSync(join(folder, 'health.config.mjs'))
}

test('where nobody can be asked it only shows', async () => {
  const folder = folderWith(FILES)
  const { code, out, talk } = await run(folder)
  expect(code).toBe(0)
  expect(out).toMatch(
    /^mailer in .*\n {2}language +JavaScript, CommonJS\n[^]*\+\+\+ health\.config\.mjs\n[^]*-    "start": "node server\.js"\n\+    "start": "node --import/,
  )
  expect(talk).toBe('Nothing is written, for nobody can be asked here: otel-health init --yes writes it.\n')
  expect(isAsItWas(folder)).toBe(true)
})

test.for(['', 'n', 'nope', 'yess'])('%j is no', async (answer) => {
  const folder = folderWith(FILES)
  expect((await run(folder, { answer })).talk).toBe('Nothing is written.\n')
  expect(isAsItWas(folder)).toBe(true)
})

test.for([{ answer: 'y' }, { answer: ' YES ' }, { yes: true }])(
  '%j writes both, and once more there is nothing to write',
  async (options) => {
    const folder = folderWith(FILES)
    const { out } = await run(folder, options)
    expect(out).toMatch(/\nThen:\n {2}npm install otel-health @opentelemetry\/api\n {2}npm start\n {2}npx otel-health status mailer\n$/)
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).toBe(
      PACKAGE.replace('node server', 'node --import otel-health/register server'),
    )
    const config = readFileSync(join(folder, 'health.config.mjs'), 'utf8')
    expect(config).toContain('export default defineHealth({')
    expect((await run(folder, { yes: true })).out).toContain(
      'health.config.mjs is there already, and stays as it is.\nThere is nothing to write.\n',
    )
    expect(readFileSync(join(folder, 'health.config.mjs'), 'utf8')).toBe(config)
  },
)

test('a health.config of any form is left as it is', async () => {
  const folder = folderWith({ ...FILES, 'health.config.cts': 'mine' })
  expect((await run(folder, { yes: true })).out).toContain('health.config.cts is there already')
  expect(readFileSync(join(folder, 'health.config.cts'), 'utf8')).toBe('mine')
  expect(existsSync(join(folder, 'health.config.mjs'))).toBe(false)
})

test('what was changed while it asked is not written over', async () => {
  const folder = folderWith(FILES)
  const mine = 'export default {}\n'
  const answer = () => {
    writeFileSync(join(folder, 'health.config.mjs'), mine)
    return 'y'
  }
  await expect(run(folder, { answer })).rejects.toThrow(/health\.config\.mjs cannot be written \(EEXIST\)\.$/)
  expect(readFileSync(join(folder, 'health.config.mjs'), 'utf8')).toBe(mine)
})

test.for([
  {
    why: 'two health.configs',
    files: { ...FILES, 'health.config.ts': '', 'health.config.js': '' },
    says: /has both health\.config\.ts and health\.config\.js/,
  },
  { why: 'the root of a monorepo', files: { 'package.json': { workspaces: [] } }, says: /monorepo/ },
])('$why: one sentence', async ({ files, says }) => {
  await expect(run(folderWith(files), { yes: true })).rejects.toThrow(says)
})

test('as data it is what was found and what would be changed, and nothing is written without --yes', async () => {
  const folder = folderWith(FILES)
  const { out, talk } = await run(folder, { json: true })
  expect(talk).toBe('')
  expect(JSON.parse(out)).toMatchObject({
    ...{ folder, service: 'mailer', config: 'health.config.mjs', written: false },
    found: { language: 'JavaScript', entry: 'server.js' },
    changes: [{ path: 'health.config.mjs', before: null }, { path: 'package.json' }],
  })
  expect(isAsItWas(folder)).toBe(true)
  expect(JSON.parse((await run(folder, { json: true, yes: true })).out)).toMatchObject({ written: true })
  expect(isAsItWas(folder)).toBe(false)
})

test('what nothing starts is asked for', async () => {
  expect((await run(folderWith({ 'package.json': { name: 'a' } }))).out).toContain(
    'nothing here says how the service is started: otel-health init --entry <file> says it',
  )
})
