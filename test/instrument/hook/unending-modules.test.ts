/**
 * Modules whose body never comes to its end, or gives its functions to others on the way: started as they are and watched. Each makes
 * the calls it would make for ever `CALLS` times, tells where it was called from, and then waits. `NAME` stands for a name of its own.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const CALLS = 7

interface Row {
  readonly why: string
  readonly ext: 'mjs' | 'cjs' | 'mts' | 'cts'
  readonly text: string
  readonly target?: { readonly class: string; readonly method: string }
  /** A second module of the row. */
  readonly other?: string
  /** It is the default export that is named, and no other row does that. */
  readonly isDefault?: boolean
  /** How many calls are recorded; default: `CALLS`. */
  readonly recorded?: number
  /** The line of its own in which columns are others when it is watched: calls are put into it. */
  readonly moved?: boolean
}

const inK = { class: 'K', method: 'NAME' }
const F = 'async function NAME(x) { await tick(); return called("NAME", new Error()) }'
const LOOP = 'while (true) await NAME(1)'
const MAIN = 'async function main() { while (true) await NAME(1) }'
const METHOD = 'async NAME(x) { await tick(); return called("NAME", new Error()) }'

const ROWS: readonly Row[] = [
  { why: 'a loop', ext: 'mjs', text: `export ${F}\n${LOOP}` },
  { why: 'a loop over what comes', ext: 'mjs', text: `export ${F}\nasync function* all() { for (;;) yield 1 }\nfor await (const x of all()) await NAME(x)` },
  { why: 'a promise that never resolves', ext: 'mjs', text: `${F}\n${MAIN}\nexport { NAME }\n\nawait main()` },
  { why: 'what such a promise gives', ext: 'mjs', text: `${F}\n${MAIN}\nexport const result = await main()\nexport default result` },
  { why: 'within a try', ext: 'mjs', text: `${F}\ntry {\n  ${LOOP}\n} finally {\n}` },
  { why: 'within a condition', ext: 'mjs', text: `${F}\nif (import.meta.url)\n  ${LOOP}\nelse void 0` },
  { why: 'with a label', ext: 'mjs', text: `${F}\nouter:\n${LOOP}` },
  { why: 'a constant', ext: 'mjs', text: `export const NAME = async (x) => { await tick(); return called("NAME", new Error()) }\nconst a = { b: 1 }\n${LOOP}` },
  { why: 'a constant after others are awaited', ext: 'mjs', text: `await tick()\nconst NAME = async (x) => { await tick(); return called("NAME", new Error()) }\nawait tick()\n${LOOP}` },
  { why: 'a variable that gets its function later', ext: 'mjs', text: `let NAME\nNAME = async (x) => { await tick(); return called("NAME", new Error()) }\n${LOOP}` },
  { why: 'a function that is wrapped later, recorded as it is called', ext: 'mjs', text: `let NAME = async (x) => { await tick(); return called("NAME", new Error()) }\nconst inner = NAME\nNAME = async (x) => { await inner(x); return inner(x) }\n${LOOP}`, recorded: Math.ceil(CALLS / 2) - 1 },
  { why: 'taken apart', ext: 'mjs', text: `export const { NAME } = { ${METHOD} }\n${LOOP}` },
  { why: 'declared behind the loop', ext: 'mjs', text: `${LOOP}\n${F}`, moved: true },
  { why: 'all in one line', ext: 'mjs', text: `${F}${LOOP}`, moved: true },
  { why: 'exported by another name', ext: 'mjs', text: `${F.replace('function NAME', 'function f')}\nexport { f as NAME }\nwhile (true) await f(1)` },
  { why: 'a default without a name', ext: 'mjs', text: `import { loop } from './OTHER'\nexport default async function (x) { await tick(); return called("NAME", new Error()) }\nawait loop()`, other: `import NAME from './FILE'\nexport async function loop() { ${LOOP} }`, isDefault: true, moved: true },
  { why: 'a class', ext: 'mjs', text: `export class K { ${METHOD} }\nconst k = new K()\n${LOOP.replace('NAME', 'k.NAME')}`, target: inK },
  { why: 'a class with a function in a field', ext: 'mjs', text: `export class K { NAME = async (x) => { await tick(); return called("NAME", new Error()) } }\nconst k = new K()\n${LOOP.replace('NAME', 'k.NAME')}`, target: inK },
  { why: 'a default class', ext: 'mjs', text: `export default class K { static ${METHOD} }\n${LOOP.replace('NAME', 'K.NAME')}`, target: inK },
  { why: 'an object', ext: 'mjs', text: `export const K = { ${METHOD} }\n${LOOP.replace('NAME', 'K.NAME')}`, target: inK },
  { why: 'a class whose method is decorated, recorded as it is called', ext: 'mjs', text: `let K = class K { ${METHOD} }\nconst one = K.prototype.NAME\nObject.defineProperty(K.prototype, 'NAME', { value: async function NAME(x) { await one(x); return one(x) } })\nconst k = new K()\nwhile (true) await k.NAME(1)`, target: inK, recorded: Math.ceil(CALLS / 2) - 1 },
  { why: 'a class that is imported and exported', ext: 'mjs', text: `import { K } from './OTHER'\nexport { K } from './OTHER'\nconst k = new K()\n${LOOP.replace('NAME', 'k.NAME')}`, other: `export class K { ${METHOD} }`, target: inK },
  { why: 'a cycle of imports', ext: 'mjs', text: `import { loop } from './OTHER'\nexport ${F}\nawait loop()`, other: `import { NAME } from './FILE'\nexport async function loop() { ${LOOP} }` },
  { why: 'TypeScript', ext: 'mts', text: `interface A { a: 1 }\nexport ${F.replace('(x)', '(x: A | number): Promise<unknown>')}\n\n${LOOP}` },
  { why: 'TypeScript with types that look like other things', ext: 'mts', text: `type A<T> = T extends { a: infer U }\n  ? U\n  : never\nexport const NAME: (x: A<{ a: number }>) => Promise<unknown> = async (x): Promise<unknown> => { await tick(); return called("NAME", new Error()) }\n${LOOP}` },
  { why: 'main() begins to work at once', ext: 'mjs', text: `${F}\n${MAIN}\nmain()` },
  { why: 'main() before what it is made of', ext: 'mjs', text: `main().catch(() => {})\n${F}\n${MAIN}`, moved: true },
  { why: 'given to others on the way', ext: 'mjs', text: `${F}\nconst consumer = ((each) => ({ run: async () => { while (true) await each(1) } }))(NAME)\nvoid consumer.run()` },
  { why: 'CommonJS, main() before anything is exported', ext: 'cjs', text: `'use strict'\n${F}\n${MAIN}\nmain()\nmodule.exports = { NAME }` },
  { why: 'CommonJS, a function without a name that is called at once', ext: 'cjs', text: `${F}\n\n(async () => {\n  ${LOOP}\n})()` },
  { why: 'CommonJS, the same after semicolons', ext: 'cjs', text: `exports.NAME = ${F};\n\n(async () => {\n  while (true) await exports.NAME(1);\n})();` },
  { why: 'CommonJS, given to others on the way', ext: 'cjs', text: `const NAME = exports.NAME = ${F};\nconst run = async (each) => { while (true) await each(1) }\nmodule.exports.running = run(NAME);` },
  { why: 'CommonJS that returns', ext: 'cjs', text: `${F}\n${MAIN}\nif (module) return void main()` },
  { why: 'CommonJS that throws', ext: 'cjs', text: `${F}\n${MAIN}\nmain()\nthrow new Error('thrown')` },
  { why: 'CommonJS that does all its work before it ends', ext: 'cjs', text: `function NAME() { return called("NAME", new Error()) }\nfor (let n = 0; n < ${CALLS}; n++) NAME()` },
  { why: 'CommonJS as TypeScript compiles it', ext: 'cjs', text: `"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\nexports.NAME = void 0;\nconst NAME = async (x) => { await tick(); return called("NAME", new Error()) };\nexports.NAME = NAME;\n(async () => { while (true) await (0, exports.NAME)(1); })();` },
  { why: 'CommonJS in a cycle that takes it apart', ext: 'cjs', text: `${F}\nexports.NAME = NAME\nrequire('./OTHER')`, other: `const { NAME } = require('./FILE')\n${MAIN}\nmain()` },
  { why: 'CommonJS as tsx wraps it', ext: 'cjs', text: `__filename="/a/b.ts";(()=>{\nconst NAME=async(x)=>{await tick();return called("NAME",new Error())};\n${MAIN}\nvoid main();0&&(module.exports={NAME});\n})()\n` },
  { why: 'TypeScript that is CommonJS', ext: 'cts', text: `${F.replace('(x)', '(x: number): Promise<unknown>')}\n\n;(async () => {\n  ${LOOP}\n})()` },
] // prettier-ignore

const fileOf = ({ ext }: Row, index: number): string => `row${index}.${ext}`
const filled = (text: string, row: Row, index: number): string =>
  text.replaceAll('NAME', `name${index}`).replaceAll('FILE', fileOf(row, index)).replaceAll('OTHER', `other${index}.${row.ext}`)

/** Starts all of them; ends when nothing more happens. */
const PROGRAM = `
const where = {}, counts = {}
globalThis.tick = () => new Promise((resolve) => setTimeout(resolve, 1))
globalThis.called = (name, { stack }) => {
  const n = counts[name] = (counts[name] ?? 0) + 1
  where[name] ??= stack.split('\\n')[1].replace(/.*[(/]/, '').replace(')', '')
  return n < ${CALLS} ? n : new Promise(() => {})
}
require = require('node:module').createRequire(__filename)
const thrown = []
for (const file of FILES) {
  if (/cts|cjs/.test(file)) { try { require('./' + file) } catch (error) { thrown.push(error.message) } }
  else import('./' + file).catch((error) => thrown.push(error.message))
}
let before = ''
const timer = setInterval(() => {
  const now = JSON.stringify(counts)
  if (now === before) setTimeout(() => { console.log(JSON.stringify({ where, counts, thrown })); process.exit() }, 10)
  before = now
}, 300)
`

interface Told {
  readonly where: Readonly<Record<string, string>>
  readonly counts: Readonly<Record<string, number>>
  readonly thrown: readonly string[]
}
interface Recorded {
  readonly calls: readonly { readonly method: string }[]
  readonly said: readonly string[]
  readonly unmatched: { readonly running: readonly string[] }
}

const WATCH = new URL('../fixtures/watch.ts', import.meta.url).href
let folder: string
let plain: Told
let watched: Told
let recorded: Recorded

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--no-warnings', ...args], { cwd: folder, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr)) : resolve(stdout),
    )
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-'))
  for (const [index, row] of ROWS.entries()) {
    await writeFile(join(folder, fileOf(row, index)), filled(row.text, row, index))
    if (row.other) await writeFile(join(folder, `other${index}.${row.ext}`), filled(row.other, row, index))
  }
  await writeFile(join(folder, 'main.cjs'), PROGRAM.replace('FILES', JSON.stringify(ROWS.map(fileOf))))
  const targets = ROWS.map((row, index) => ({
    ...(row.target ? { ...row.target, method: `name${index}` } : { function: row.isDefault ? 'default' : `name${index}` }),
    module: pathToFileURL(join(folder, fileOf(row, index))).href,
  }))
  plain = JSON.parse(await run(['main.cjs'])) as Told
  const env = { WATCH: JSON.stringify(targets), RECORD: join(folder, 'record.json') }
  watched = JSON.parse(await run(['--import', WATCH, 'main.cjs'], env)) as Told
  recorded = JSON.parse(await readFile(join(folder, 'record.json'), 'utf8')) as Recorded
})
afterAll(() => rm(folder, { recursive: true }))

describe('recorded, and none the wiser', () => {
  test.for(ROWS.map((row, index) => ({ ...row, index })))('$why ($ext)', ({ index, recorded: count = CALLS - 1, moved, isDefault }) => {
    const name = `name${index}`
    const place = ({ where }: Told): unknown => (moved ? where[name]?.replace(/:\d+$/, '') : where[name])
    expect([watched.counts[name], place(watched)]).toEqual([CALLS, place(plain)])
    expect(plain.counts[name]).toBe(CALLS)
    // The last call never ends.
    expect(recorded.calls.filter(({ method }) => method === (isDefault ? 'default' : name))).toHaveLength(count)
  })

  test('what is thrown is the same', () => {
    expect([watched.thrown, recorded.said.length]).toEqual([plain.thrown, 0])
  })
})

test('modules of any statements in any order are watched what they are alone', async () => {
  const anyModules = fileURLToPath(new URL('../fixtures/any-modules.ts', import.meta.url))
  expect(await run([anyModules, await mkdtemp(join(folder, 'any-'))])).toBe('the same')
})

test('an entry that never ends is recorded, and is not among those that are still at their start', async () => {
  const text = `export async function one(x) { return x }\nfor (let n = 0; ; n++) {\n  await one(n)\n  if (n === 4) setImmediate(() => process.exit())\n  if (n === 4) await new Promise(() => {})\n}`
  await writeFile(join(folder, 'entry.mjs'), text)
  const module = pathToFileURL(join(folder, 'entry.mjs')).href
  const targets = [
    { module, label: './entry.mjs', function: 'one' },
    { module, label: './entry.mjs', function: 'two' },
  ]
  const record = join(folder, 'entry.json')
  await run(['--import', WATCH, 'entry.mjs'], { WATCH: JSON.stringify(targets), RECORD: record })
  const { calls, said, unmatched } = JSON.parse(await readFile(record, 'utf8')) as Recorded
  expect([calls.map(({ method }) => method), said, unmatched.running]).toEqual([Array(5).fill('one'), [], ['./entry.mjs']])
})

test('a module that was required before is known as such', async () => {
  const module = pathToFileURL(join(folder, 'before.cjs')).href
  await writeFile(join(folder, 'before.cjs'), 'exports.one = async () => 1')
  await writeFile(join(folder, 'late.cjs'), '')
  const record = join(folder, 'before.json')
  const env = { WATCH: JSON.stringify([{ module, label: './before.cjs', function: 'one' }]), RECORD: record }
  await run(['--require', './before.cjs', '--import', WATCH, 'late.cjs'], env)
  const { unmatched } = JSON.parse(await readFile(record, 'utf8')) as Recorded
  expect(unmatched).toMatchObject({ labels: ['./before.cjs'], before: ['./before.cjs'], running: [] })
})
