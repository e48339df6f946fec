/**
 * Modules of every kind, in processes of their own: once with one of their functions watched and once without. To the
 * program there is no difference, and each call is recorded. `NAME` stands for a name of the row's own.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

interface Row {
  readonly why: string
  readonly ext: 'mjs' | 'cjs' | 'ts' | 'mts' | 'cts' | 'js'
  readonly text: string
  /** What the program does with the module `m`; its result is compared. */
  readonly use: string
  readonly target: { readonly class?: string; readonly method?: string; readonly function?: string }
  /** How many calls are recorded; default: 1. */
  readonly calls?: number
}

const f = { function: 'NAME' }
const inK = { class: 'K', method: 'NAME' }
const COMMON = `async function NAME(x) { return [x, where(new Error())] }
function where({ stack }) { return stack.split('\\n')[1].replace(/.*[/](.*?)[)]?$/, '$1') }`
const CONST = COMMON.replace('async function NAME(x) {', 'const NAME = async (x) => {')
const FACTS =
  '[await F(5), F.name, F.length, Object.getOwnPropertyNames(F), Object.getPrototypeOf(F) === Object.getPrototypeOf(async () => {})]'
const facts = (what: string): string => FACTS.replaceAll('F', what)
const shape = 'Object.getOwnPropertyNames(m.K.prototype), Object.getOwnPropertyNames(m.K), Object.getOwnPropertyNames(new m.K())'

const ROWS: readonly Row[] = [
  { why: 'export async function', ext: 'mjs', text: `export ${COMMON}`, use: facts('m.NAME'), target: f },
  { why: 'export const', ext: 'mjs', text: `export ${CONST}`, use: facts('m.NAME'), target: f },
  { why: 'const, exported at the end', ext: 'mjs', text: `${CONST}\nexport { where, NAME }`, use: facts('m.NAME'), target: f },
  { why: 'const, exported by another name', ext: 'mjs', text: `${CONST}\nexport { NAME as b }`, use: facts('m.b'), target: f },
  {
    why: 'named as it is exported',
    ext: 'mjs',
    text: `${CONST.replace('NAME', 'g')}\nexport { g as NAME }`,
    use: 'await m.NAME(2)',
    target: f,
  },
  { why: 'const, exported as default', ext: 'mjs', text: `${CONST}\nexport default NAME`, use: facts('m.default'), target: f },
  {
    why: 'both',
    ext: 'mjs',
    text: `${CONST}\nexport { NAME }\nexport default NAME;`,
    use: '[await m.NAME(1), m.NAME === m.default]',
    target: f,
  },
  { why: 'a second name', ext: 'mjs', text: `export ${CONST}\nexport const b = NAME\n`, use: '[await m.b(1), m.b === m.NAME]', target: f },
  {
    why: 'one of many',
    ext: 'mjs',
    text: 'export const a = [1, 2], NAME = async (x) => x, c = 3',
    use: '[await m.NAME(1), m.a, m.c]',
    target: f,
  },
  {
    why: 'taken apart',
    ext: 'mjs',
    text: 'export const { b: { NAME } } = { b: { NAME: async (x) => x } }',
    use: 'await m.NAME(1)',
    target: f,
  },
  { why: 'called from inside', ext: 'mjs', text: `${CONST}\nexport const b = (x) => NAME(x)`, use: 'await m.b(7)', target: f },
  { why: 'default function', ext: 'mjs', text: `export default ${COMMON}`, use: facts('m.default'), target: f },
  {
    why: 'default function, called default',
    ext: 'mjs',
    text: `export default ${COMMON}`,
    use: facts('m.default'),
    target: { function: 'default' },
  },
  {
    why: 'default function without a name, and something that could be taken for its arguments',
    ext: 'mjs',
    text: 'export default async function (x) { return x }\n(globalThis.a = 1)',
    use: '[await m.default(4), m.default.name, m.default.length]',
    target: { function: 'default' },
  },
  {
    why: 'default arrow function',
    ext: 'mjs',
    text: 'export default async (x) => x',
    use: '[await m.default(4), m.default.name, Object.keys(m)]',
    target: { function: 'default' },
  },
  {
    why: 'default class without a name',
    ext: 'mjs',
    text: 'export default class { async NAME(x) { return x } }',
    use: '[await new m.default().NAME(4), m.default.name]',
    target: { class: 'default', method: 'NAME' },
  },
  {
    why: 'default object',
    ext: 'mjs',
    text: 'export default { async NAME(x) { return [x, this === globalThis] } }',
    use: '[await m.default.NAME(4), Object.keys(m.default)]',
    target: { class: 'default', method: 'NAME' },
  },
  {
    why: 'text that looks like something else',
    ext: 'mjs',
    text: `// const NAME = { ( [\n/* \` */ const re = /[/"'\`{]/g, n = 4 / 2 / 1, s = 'const NAME = "'
const t = \`const NAME = \${\`}\${{ a: '}' }.a}\`} {\`; if (n) /[)]{1}/.test(s)
function g() { const NAME = 1; return NAME } { const NAME = 2 }
export ${CONST}; export default [n / 2, re, t.length, g()].join()`,
    use: '[m.default, await m.NAME(9)]',
    target: f,
  },
  { why: 'with a hashbang', ext: 'mjs', text: `#!/usr/bin/env node const NAME\nexport ${CONST}`, use: 'await m.NAME(1)', target: f },
  {
    why: 'with nothing after a comment',
    ext: 'mjs',
    text: 'export const NAME = async () => 1 // the end',
    use: 'await m.NAME()',
    target: f,
  },

  { why: 'exports.a = async function', ext: 'cjs', text: 'exports.NAME = async (x) => x', use: facts('m.NAME'), target: f },
  { why: 'module.exports = { a }', ext: 'cjs', text: `${CONST}\nmodule.exports = { NAME }`, use: facts('m.NAME'), target: f },
  {
    why: 'module.exports = function',
    ext: 'cjs',
    text: `module.exports = ${COMMON.replace('\n', ';\n')}`,
    use: 'await (m.default ?? m)(3)',
    target: f,
  },
  {
    why: 'called module.exports',
    ext: 'cjs',
    text: 'module.exports = async (x) => x',
    use: 'await (m.default ?? m)(3)',
    target: { function: 'module.exports' },
  },
  {
    why: 'module.exports and what it is exported as again',
    ext: 'cjs',
    text: `${CONST}\nmodule.exports = NAME; module.exports.default = NAME; module.exports.b = NAME`,
    use: '[await m.b(3), m.b === (m["module.exports"] ?? m)]',
    target: f,
  },
  {
    why: 'a strict script',
    ext: 'cjs',
    text: `'use strict'\n${CONST}\nexports.NAME = NAME`,
    use: '[await m.NAME(3), Object.keys(m).sort()]',
    target: f,
  },
  {
    why: 'as TypeScript compiles it',
    ext: 'cjs',
    text: `"use strict"; Object.defineProperty(exports, "__esModule", { value: true }); exports.NAME = void 0; exports.b = b
const NAME = async (x) => x; exports.NAME = NAME; async function b(x) { return (0, exports.NAME)(x) }`,
    use: 'await m.b(3)',
    target: f,
  },
  {
    why: 'as esbuild bundles it',
    ext: 'cjs',
    text: `var d = Object.defineProperty; var e = (t, all) => { for (var n in all) d(t, n, { get: all[n], enumerable: true }) }
var x = {}; e(x, { NAME: () => NAME }); module.exports = ((t, f) => { for (let k of Object.getOwnPropertyNames(f)) d(t, k, { get: () => f[k], enumerable: true }); return t })({}, x)
var NAME = async (x) => x;
0 && (module.exports = { NAME });`,
    use: '[await m.NAME(3), Object.keys(m["module.exports"] ?? m)]',
    target: f,
  },
  {
    why: 'behind a getter that does not follow',
    ext: 'cjs',
    text: `const all = { async NAME(x) { return x } }; Object.defineProperty(exports, 'NAME', { enumerable: true, configurable: true, get: () => all.NAME })`,
    use: 'await (m.default ?? m).NAME(3)',
    target: f,
  },

  {
    why: 'an arrow function with types',
    ext: 'mts',
    text: 'export const NAME: <T>(x: T) => Promise<T> = async <T,>(x: T): Promise<T> => x',
    use: 'await m.NAME(1)',
    target: f,
  },
  {
    why: 'TypeScript that is CommonJS',
    ext: 'cts',
    text: 'const NAME = async (x: number): Promise<number> => x\nexport type A = {}\nmodule.exports = { NAME } as const',
    use: 'await m.NAME(1)',
    target: f,
  },
  {
    why: 'TypeScript, default class',
    ext: 'ts',
    text: 'export default class K<T extends { a: 1 }> { async NAME(x: T | number): Promise<T | number> { return x } }',
    use: 'await new m.default().NAME(1)',
    target: inK,
  },
  { why: 'JavaScript that does not say what it is', ext: 'js', text: `export ${CONST}`, use: 'await m.NAME(1)', target: f },
  {
    why: 'JavaScript that may be either',
    ext: 'js',
    text: 'globalThis.either = async function NAME(x) { return x }',
    use: 'await either(1)',
    target: f,
    calls: 0,
  },

  {
    why: 'method',
    ext: 'mjs',
    text: 'export class K { #a = 1; async NAME(x) { return x + this.#a } }',
    use: `[await new m.K().NAME(1), ${shape}]`,
    target: inK,
  },
  {
    why: 'static method that uses private members',
    ext: 'mjs',
    text: 'export class K { static #a = 1; static async NAME(x) { return x + this.#a } }',
    use: `[await m.K.NAME(1), ${shape}]`,
    target: inK,
  },
  {
    why: 'function in a field',
    ext: 'mjs',
    text: 'export class K { a = 1; NAME = async (x) => x + this.a\n b = 2; static make() { return new K() } static #p = 1; static q() { return this.#p } }',
    use: `[await new m.K().NAME(1), await m.K.make().NAME(1), m.K.q(), m.K === new m.K().constructor, Object.getOwnPropertyDescriptors(new m.K()), ${shape}]`,
    target: inK,
    calls: 2,
  },
  {
    why: 'function in a field of what the module makes itself',
    ext: 'cjs',
    text: 'class K { NAME = async (x) => x }\nexports.K = K; exports.k = new K()',
    use: `[await m.k.NAME(1), ${shape}]`,
    target: inK,
  },
  {
    why: 'function in a field, of a class that is frozen afterwards',
    ext: 'mjs',
    text: 'export const K = class { NAME = async (x) => x; constructor() { Object.freeze(this) } }',
    use: `[await new m.K().NAME(1), ${shape}]`,
    target: inK,
  },
  {
    why: 'function that a constructor assigns',
    ext: 'cjs',
    text: 'exports.K = class K { constructor(a) { this.a = a; this.NAME = async (x) => x + this.a; this.z = 1 } }',
    use: '[await new m.K(2).NAME(1), Object.getOwnPropertyDescriptors(new m.K(3))]',
    target: inK,
  },
  {
    why: 'function that a function assigns to what it makes',
    ext: 'cjs',
    text: 'function K() { if (!new.target) return new K(); this.NAME = async (x) => x }\nmodule.exports = { K }',
    use: '[await m.K().NAME(1), await new m.K().NAME(1), new m.K() instanceof m.K]',
    target: inK,
    calls: 2,
  },
  {
    why: 'field with a type that a constructor assigns',
    ext: 'ts',
    text: 'export class K { a = 1; private readonly NAME: (x: number) => Promise<number>; b = 2; constructor() { this.NAME = async (x) => x + this.a } }',
    use: '[await new m.K().NAME(1), Object.getOwnPropertyDescriptors(new m.K()), Object.keys(new m.K())]',
    target: inK,
  },
  {
    why: 'inherited method, and not that of a sibling',
    ext: 'mjs',
    text: 'class B { async NAME(x) { return x } }\nexport class K extends B {}\nexport class L extends B {}',
    use: `[await new m.K().NAME(1), await new m.L().NAME(2), await new (class extends m.K {})().NAME(3), ${shape}]`,
    target: inK,
    calls: 2,
  },
  {
    why: 'inherited static method, and not that of a sibling',
    ext: 'mjs',
    text: 'class B { static async NAME(x) { return [x, this.name] } }\nexport class K extends B {}\nexport class L extends B {}',
    use: `[await m.K.NAME(1), await m.L.NAME(2), ${shape}]`,
    target: inK,
  },
  {
    why: 'function that a getter gives',
    ext: 'mjs',
    text: 'export class K { #f = async (x) => x; get NAME() { return this.#f } }',
    use: `{ const k = new m.K(); return [await k.NAME(1), k.NAME === k.NAME, ${shape}] }`,
    target: inK,
  },
  {
    why: 'method of an object',
    ext: 'cjs',
    text: 'module.exports = { K: { async NAME(x) { return x } } }',
    use: 'await (m.default ?? m).K.NAME(1)',
    target: inK,
  },
  {
    why: 'method of the only instance',
    ext: 'mjs',
    text: 'class C { async NAME(x) { return x } }\nexport const K = new C()',
    use: '[await m.K.NAME(1), Object.keys(m.K)]',
    target: inK,
  },
  {
    why: 'class that is exported from elsewhere',
    ext: 'mjs',
    text: "export { K } from './elsewhere-NAME.mjs'",
    use: 'await new m.K().NAME(1)',
    target: inK,
  },
  {
    why: 'class that is exported with all from elsewhere',
    ext: 'mjs',
    text: "export * from './elsewhere-NAME.mjs'",
    use: 'await new m.K().NAME(1)',
    target: inK,
  },
  {
    why: 'class that is exported from elsewhere, as it is compiled',
    ext: 'cjs',
    text: "const e = require('./elsewhere-NAME.mjs'); Object.defineProperty(exports, 'K', { enumerable: true, get: function () { return e.K } })",
    use: 'await new m.K().NAME(1)',
    target: inK,
  },
  { why: 'generator', ext: 'mjs', text: 'export function* NAME(x) { yield x; return 2 }', use: '[...m.NAME(1)]', target: f },
  {
    why: 'async generator in a class',
    ext: 'mjs',
    text: 'export class K { async *NAME(x) { yield x; yield 2 } }',
    use: `{ const a = []; for await (const x of new m.K().NAME(1)) a.push(x); return a }`,
    target: inK,
  },
]

const named = (text: string, index: number): string => text.replaceAll('NAME', `name${index}`)
const fileOf = ({ ext }: Row, index: number): string => `row${index}.${ext}`

interface Recorded {
  readonly calls: readonly { readonly method: string; readonly failed: boolean }[]
  readonly said: readonly string[]
  readonly unmatched: { readonly labels: readonly string[]; readonly seen: readonly string[] }
}

/** What import-in-the-middle does: a module in place of each, which exports what the real one does. */
const IITM = `import { registerHooks } from 'node:module'
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context)
    if (!resolved.url.startsWith('file:') || context.parentURL?.includes('iitm=true') || !context.parentURL) return resolved
    return { ...resolved, url: resolved.url + '?iitm=true' }
  },
  load(url, context, next) {
    if (!url.includes('iitm=true')) return next(url, context)
    const real = url.replace('?iitm=true', '')
    return { format: 'module', shortCircuit: true, source: 'import * as all from ' + JSON.stringify(real) + '; let one = all.one; export { one }' }
  },
})`

const WATCH = new URL('../fixtures/watch.ts', import.meta.url).href
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-'))
  await Promise.all(
    ROWS.flatMap((row, index) => [
      writeFile(join(folder, fileOf(row, index)), named(row.text, index)),
      writeFile(join(folder, named('elsewhere-NAME.mjs', index)), named('export class K { async NAME(x) { return x } }', index)),
    ]),
  )
  for (const how of ['import', 'require'] as const)
    await writeFile(join(folder, `${how}.${how === 'import' ? 'mjs' : 'cjs'}`), program(how))
})
afterAll(() => rm(folder, { recursive: true }))

/** Uses every row after another; a row that throws has the error's text as its result. */
function program(how: 'import' | 'require'): string {
  const rows = ROWS.map((row, index) => {
    const load = how === 'import' ? `await import('./${fileOf(row, index)}')` : `require('./${fileOf(row, index)}')`
    const use = named(row.use, index)
    const body = use.startsWith('{') ? use.slice(1, -1) : `return ${use}`
    return `results.push(await (async () => { const m = ${load}; ${body} })().catch(String))`
  })
  return `(async () => { const results = []; ${rows.join('\n')}
    setImmediate(() => console.log(JSON.stringify(results, (key, value) => typeof value === 'function' ? String(value) : value))) })()`
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd: string = folder): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--no-warnings', ...args], { cwd, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr)) : resolve(stdout),
    )
  })
}

async function runWatched(
  args: readonly string[],
  targets: readonly object[],
  name: string,
): Promise<Recorded & { readonly stdout: string }> {
  const record = join(folder, name)
  const stdout = await run(args, { WATCH: JSON.stringify(targets), RECORD: record })
  return { stdout, ...(JSON.parse(await readFile(record, 'utf8')) as Recorded) }
}

const targets = (): object[] =>
  ROWS.map((row, index) => ({
    ...(JSON.parse(named(JSON.stringify(row.target), index)) as Row['target']),
    module: pathToFileURL(join(folder, fileOf(row, index))).href,
  }))

describe.for(['import', 'require'] as const)('by %s', (how) => {
  let plain: readonly unknown[]
  let watched: readonly unknown[]
  let recorded: Recorded
  beforeAll(async () => {
    const main = how === 'import' ? './import.mjs' : './require.cjs'
    const [without, done] = await Promise.all([run([main]), runWatched(['--import', WATCH, main], targets(), `record-${how}.json`)])
    plain = JSON.parse(without) as unknown[]
    watched = JSON.parse(done.stdout) as unknown[]
    recorded = done
  })

  test.for(ROWS.map((row, index) => ({ ...row, index })))('$why ($ext)', ({ target, calls = 1, index }) => {
    expect(watched[index]).toEqual(plain[index])
    expect(String(plain[index])).not.toContain('Error:')
    const name = target.function === 'default' || target.function === 'module.exports' ? undefined : named('NAME', index)
    if (name) expect(recorded.calls.filter(({ method }) => method === name)).toHaveLength(calls)
  })

  test('a default without a name is recorded too, and nothing is said', () => {
    expect(recorded.calls.filter(({ method }) => method === 'default')).toHaveLength(3)
    expect(recorded.calls.filter(({ method }) => method === 'module.exports')).toHaveLength(1)
    expect(
      recorded.said.filter(
        (line) =>
          !line.includes('either') &&
          !line.includes(
            fileOf(
              ROWS.find(({ calls }) => calls === 0)!,
              ROWS.findIndex(({ calls }) => calls === 0),
            ),
          ),
      ),
    ).toEqual([])
  })
})

describe('in other surroundings', () => {
  const one = 'exports.one = async (x) => x\nexports.K = class { async two(x) { return x } }'
  const target = (name: string): object => ({ module: pathToFileURL(join(folder, name)).href, function: 'one' })
  const CALL = ".one(1).then((x) => setImmediate(() => console.log('got', x)))"

  interface Case {
    readonly why: string
    readonly files: Readonly<Record<string, string>>
    readonly args: readonly string[]
  }
  const CASES: readonly Case[] = [
    { why: 'a query and a hash', files: { 'main.mjs': `(await import('./one.cjs?a=1#b'))${CALL}` }, args: ['main.mjs'] },
    { why: 'loaded twice', files: { 'main.mjs': `await import('./one.mjs?a'); (await import('./one.mjs?b'))${CALL}` }, args: ['main.mjs'] },
    {
      why: 'an asynchronous hook registered before',
      files: {
        'hooks.mjs': 'export const load = (url, context, next) => next(url, context)',
        'main.mjs': `(await import('./one.cjs'))${CALL}`,
      },
      args: [
        '--import',
        "data:text/javascript,import { register } from 'node:module'; register(new URL('hooks.mjs', 'FOLDER'))",
        'main.mjs',
      ],
    },
    {
      why: 'a synchronous hook that gives the source as bytes',
      files: {
        'hooks.mjs': `import { registerHooks } from 'node:module'
registerHooks({ load(url, context, next) { const loaded = next(url, context); return loaded.source ? { ...loaded, source: new TextEncoder().encode(String(loaded.source)) } : loaded } })`,
        'main.mjs': `(await import('./one.mjs'))${CALL}`,
      },
      args: ['--import', './hooks.mjs', 'main.mjs'],
    },
    {
      why: 'something that compiles by require.extensions',
      files: {
        'hooks.cjs': `require.extensions['.cjs'] = (module, file) => module._compile(require('node:fs').readFileSync(file, 'utf8'), file)`,
        'main.cjs': `require('./one.cjs')${CALL}`,
      },
      args: ['--require', './hooks.cjs', 'main.cjs'],
    },
    {
      why: 'a worker thread',
      files: {
        'main.mjs': `import { Worker } from 'node:worker_threads'; new Worker('./thread.mjs')`,
        'thread.mjs': `(await import('./one.mjs'))${CALL}`,
      },
      args: ['main.mjs'],
    },
    {
      why: 'a worker of a cluster',
      files: {
        'main.cjs': `const c = require('node:cluster'); if (c.isPrimary) c.fork(); else require('./one.cjs')${CALL}.then(() => setImmediate(() => c.worker.disconnect()))`,
      },
      args: ['main.cjs'],
    },
    {
      why: 'import-in-the-middle',
      files: { 'iitm.mjs': IITM, 'main.mjs': `import { one } from './one.mjs'\n;({ one })${CALL}` },
      args: ['--import', './iitm.mjs', 'main.mjs'],
    },
  ]

  test.for(CASES)('$why', async ({ files, args }) => {
    await Promise.all(
      Object.entries({ 'one.cjs': one, 'one.mjs': 'export const one = async (x) => x', ...files }).map(([name, text]) =>
        writeFile(join(folder, name), text),
      ),
    )
    const filled = args.map((arg) => arg.replaceAll('FOLDER', pathToFileURL(`${folder}/`).href))
    const before = new Set(await readdir(folder))
    const { stdout, said } = await runWatched(['--import', WATCH, ...filled], [target('one.cjs'), target('one.mjs')], 'record.json')
    const records = (await readdir(folder)).filter(
      (name) => name.startsWith('record.json') && !(before.has(name) && name !== 'record.json'),
    )
    const recorded = await Promise.all(records.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Recorded))
    expect(stdout).toBe('got 1\n')
    expect(said).toEqual([])
    expect(recorded.flatMap(({ calls }) => calls)).toMatchObject([{ method: 'one', value: 1 }])
    await Promise.all(records.map((name) => rm(join(folder, name))))
  })

  test('a module that was never loaded is known, with those that were', async () => {
    await Promise.all([
      writeFile(join(folder, 'one.mjs'), ''),
      writeFile(join(folder, 'other.mjs'), ''),
      writeFile(join(folder, 'main.mjs'), "import './other.mjs'"),
    ])
    const { unmatched } = await runWatched(['--import', WATCH, 'main.mjs'], [{ ...target('one.mjs'), label: './one.mjs' }], 'record.json')
    const seen = ['main.mjs', 'other.mjs'].map((name) => pathToFileURL(join(folder, name)).href)
    expect(unmatched).toEqual({ labels: ['./one.mjs'], before: [], running: [], seen })
  })

  test('nothing is left after it is undone', async () => {
    const main = `const m = require('./one.cjs'); const { one, K } = m; const Module = require('node:module'); const compile = Module.prototype._compile
      restoreMethods(); one(1)
      console.log(m.one === one, Module.prototype._compile === compile, Object.getOwnPropertySymbols(globalThis).map(String).join())`
    await Promise.all([writeFile(join(folder, 'one.cjs'), one), writeFile(join(folder, 'main.cjs'), main)])
    const { stdout, calls } = await runWatched(['--import', WATCH, 'main.cjs'], [target('one.cjs')], 'record.json')
    expect(stdout).toMatch(/^false false (?!.*otel-health)/)
    expect(calls).toEqual([])
  })
})

describe('a service starts, whatever health.config names', () => {
  const K = { class: 'K', method: 'poll' }
  const F = { function: 'f' }
  const field = 'poll = async () => 1'
  const exported = 'export const f = async () => 1'

  interface Case {
    readonly why: string
    readonly files: Readonly<Record<string, string | Uint8Array>>
    readonly target: { readonly class?: string; readonly method?: string; readonly function?: string }
    /** Module that is loaded and that the target names; default: the first file. */
    readonly module?: string
    /** How many things are said of it; default: 0. */
    readonly said?: number
  }
  const CASES: readonly Case[] = [
    {
      why: 'a private field',
      files: { 'm.mjs': 'export class K { #poll = async () => 1; run() { return this.#poll() } }\nnew K()' },
      target: { class: 'K', method: '#poll' },
      said: 1,
    },
    { why: 'a field beyond ASCII', files: { 'm.cjs': 'exports.K = class K { é = async () => 1 }' }, target: { class: 'K', method: 'é' } },
    {
      why: 'a field with a hyphen',
      files: { 'm.mjs': 'export class K { "a-b" = async () => 1 }' },
      target: { class: 'K', method: 'a-b' },
      said: 1,
    },
    { why: 'JSON', files: { 'm.json': '{ "f": 1 }' }, target: F },
    { why: 'WebAssembly', files: { 'm.wasm': new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]) }, target: F },
    {
      why: 'bytes that are no UTF-8',
      files: { 'm.mjs': Buffer.concat([Buffer.from(`${exported} // `), Buffer.from([0xff, 0xc0])]) },
      target: F,
    },
    { why: 'a byte order mark', files: { 'm.cjs': '\ufeff"use strict"\nexports.f = async () => 1' }, target: F },
    {
      why: 'a text that is too long for a regular expression',
      files: { 'm.mjs': `${exported}; '${'a'.repeat(1e7)}'` },
      target: F,
      said: 1,
    },
    { why: 'a Symbol of its own', files: { 'm.mjs': `export class Symbol {}\nexport class K { ${field} }\nnew K()` }, target: K },
    { why: 'a Symbol that is null', files: { 'm.mjs': `const Symbol = null\nexport class K { ${field} }\nnew K()` }, target: K },
    { why: 'a function called $', files: { 'm.mjs': 'export const $ = async () => 1' }, target: { function: '$' } },
    {
      why: 'exports that may not be read',
      files: { 'm.cjs': `module.exports = new Proxy({}, { ownKeys() { throw 1 } })` },
      target: F,
      said: 1,
    },
    {
      why: 'a default that may not be read',
      files: { 'm.mjs': 'export default new Proxy(() => {}, { getOwnPropertyDescriptor() { throw 1 } })' },
      target: { function: 'default' },
      said: 1,
    },
    {
      why: 'what is exported from a module that is still being loaded',
      files: {
        'a.mjs': "export * from './b.mjs'\nexport { g as f } from './b.mjs'",
        'b.mjs': "import './a.mjs'\nexport const g = async () => 1",
        'm.mjs': "export * from './b.mjs'",
      },
      target: { function: 'g' },
      module: 'a.mjs',
      said: 1,
    },
    {
      why: 'types with braces before the body of the class',
      files: { 'm.ts': `class B<T> { t?: T }\nexport class K<A = { poll: 1 }> extends B<{ poll: A }> { ${field} }\nnew K()` },
      target: K,
    },
    {
      why: 'a class that is only declared',
      files: { 'm.ts': 'declare class K { poll: string }\nexport type { K }\nexport const a = 1' },
      target: K,
      said: 1,
    },
    { why: 'as const before a call', files: { 'm.ts': 'export const a = [1] as const\nf()\nexport async function f() {}' }, target: F },
    { why: 'as const before another', files: { 'm.ts': 'export const a = [1] as const, f = async () => 1' }, target: F },
  ]

  test.for(CASES)('$why', async ({ files, target, module = Object.keys(files)[0]!, said: count = 0 }) => {
    const root = await mkdtemp(join(folder, 'service-'))
    for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
    const loaded = join(root, 'm.mjs' in files ? 'm.mjs' : module)
    const main = join(root, 'main.mjs')
    const load = /\.(?:cjs|json)$/.test(loaded)
      ? `import { createRequire } from 'node:module'; const m = createRequire(import.meta.url)(${JSON.stringify(loaded)})`
      : `const m = await import(${JSON.stringify(pathToFileURL(loaded).href)})`
    await writeFile(main, `${load}; console.log('started', typeof m)`)
    const { stdout, said } = await runWatched(
      ['--import', WATCH, main],
      [{ ...target, module: pathToFileURL(join(root, module)).href }],
      'record.json',
    )
    expect(stdout).toBe('started object\n')
    expect(said).toHaveLength(count)
  })

  test('a name of any text', async () => {
    const body = `async function f() { return 1 }\nclass K { #hidden = 3; poll = async () => 2; é = () => {}; get hidden() { return this.#hidden } run() {} }`
    await writeFile(join(folder, 'names.mjs'), `export ${body.replace('class', 'export class')}\nexport const g = f\nexport default f`)
    await writeFile(join(folder, 'names.cjs'), `#!/usr/bin/env node\n'use strict'\n${body}\nmodule.exports = { f, K, g: f }`)
    const anyNames = new URL('../fixtures/any-names.ts', import.meta.url)
    expect(await run([fileURLToPath(anyNames), 'names.mjs', 'names.cjs'])).toBe('loaded')
  })

  test('a target that throws when it is asked for is said once', async () => {
    const main = `import { diag } from '@opentelemetry/api'
import { createRequire } from 'node:module'
import { hookModules } from ${JSON.stringify(new URL('../../../src/instrument/hook/module-hook.ts', import.meta.url).href)}
const said = []
diag.setLogger({ warn: (...parts) => said.push(parts.join(' ')), error() {}, info() {}, debug() {}, verbose() {} })
hookModules().add({ label: 'x', names: ['f'], matches() { throw new Error('not asked') }, onLoad() {} })
const { f } = await import(${JSON.stringify(pathToFileURL(join(folder, 'asked.mjs')).href)})
const m = createRequire(import.meta.url)(${JSON.stringify(join(folder, 'asked.cjs'))})
process.stdout.write(JSON.stringify([await f(), await m.f(), said.length, said[0].includes('not asked')]))`
    await writeFile(join(folder, 'asked.mjs'), exported)
    await writeFile(join(folder, 'asked.cjs'), 'exports.f = async () => 2')
    const cwd = fileURLToPath(new URL('.', import.meta.url))
    expect(await run(['--input-type=module', '-e', main], {}, cwd)).toBe('[1,2,1,true]')
  })
})

describe('a package', () => {
  const CJS = 'exports.K = class K { async one(x) { return x } }'
  const PACKAGES: readonly { readonly why: string; readonly files: Readonly<Record<string, string>> }[] = [
    { why: 'with a main module', files: { 'package.json': '{ "main": "lib/k" }', 'lib/k.js': CJS } },
    { why: 'with nothing said', files: { 'package.json': '{}', 'index.js': CJS } },
    {
      why: 'with a module for each',
      files: {
        'package.json': '{ "exports": { ".": { "import": "./k.mjs", "require": "./k.cjs" } } }',
        'k.mjs': "export * from './deep/k.mjs'",
        'deep/k.mjs': 'export class K { async one(x) { return x } }',
        'k.cjs': "const k = require('./deep/k.cjs'); Object.defineProperty(exports, 'K', { enumerable: true, get() { return k.K } })",
        'deep/k.cjs': CJS,
      },
    },
    {
      why: 'with two modules for one class',
      files: {
        'package.json': '{ "exports": { "import": "./k.mjs", "default": "./k.cjs" } }',
        'k.mjs': "import k from './k.cjs'; export const K = k.K",
        'k.cjs': CJS,
      },
    },
  ]

  test.for(PACKAGES)('$why is known by import and by require', async ({ files }) => {
    const root = await mkdtemp(join(folder, 'service-'))
    for (const [name, text] of Object.entries(files)) {
      const path = join(root, 'node_modules/@scope/k', name)
      await mkdir(join(path, '..'), { recursive: true })
      await writeFile(path, text)
    }
    const main = join(root, 'main.mjs')
    await writeFile(
      main,
      `import { createRequire } from 'node:module'; import * as a from '@scope/k'
const b = createRequire(import.meta.url)('@scope/k'); console.log(await new a.K().one(1), await new b.K().one(2)); setImmediate(() => {})`,
    )
    const { stdout, calls, said } = await runWatched(
      ['--import', WATCH, main],
      [{ module: '@scope/k', class: 'K', method: 'one' }],
      'record.json',
    )
    expect(stdout).toBe('1 2\n')
    expect(said).toEqual([])
    expect(calls).toMatchObject([{ value: 1 }, { value: 2 }])
  })
})
