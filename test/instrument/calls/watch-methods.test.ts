/** Services of their own processes, once with their methods watched and once without: to them there is no difference. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { describe, expect, test } from 'vitest'

import { watchMethod } from '../../../src/instrument/calls/watch-methods.ts'
import { hookModules } from '../../../src/instrument/hook/module-hook.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const fixture = (name: string): string => new URL(`../fixtures/${name}`, import.meta.url).href

interface Run {
  readonly code: number | null
  readonly stdout: string
  /** Without stack traces, which show one more function. */
  readonly stderr: string
}

interface Watched extends Run {
  readonly calls: readonly { readonly method: string; readonly failed: boolean; readonly value?: unknown; readonly error?: unknown }[]
  readonly said: readonly string[]
}

interface Service {
  /** Text of the program; `Fetcher` and the other exports of `module` are there already. */
  readonly program: string
  readonly module?: string
  readonly inputType?: 'module' | 'commonjs'
  readonly args?: readonly string[]
}

function run({ program, module = 'fetcher.cjs', inputType = 'module', args = [] }: Service, env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const names = '{ Fetcher, Lazy, Frozen, OldStyle }'
  const url = JSON.stringify(fixture(module))
  const load =
    inputType === 'module' ? `const ${names} = await import(${url})` : `const ${names} = require(require('node:url').fileURLToPath(${url}))`
  const argv = [...args, `--input-type=${inputType}`, '-e', `${load}\n${program}`]
  return new Promise((resolve) => {
    const child = execFile(process.execPath, argv, { env: { ...process.env, ...env } }, (_, stdout, stderr) => {
      const lines = stderr.split('\n').filter((line) => !/^\s+at |^file:|^\/|^\s*\^|^\s*$/.test(line))
      resolve({ code: child.exitCode, stdout, stderr: lines.join('\n') })
    })
  })
}

interface Target {
  readonly class: string
  readonly method: string
  /** Where health.config says that the module is; default: where it is. */
  readonly module?: string
}

async function runWatched(service: Service, targets: readonly Target[]): Promise<Watched> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-health-'))
  const record = join(folder, 'record.json')
  const url = fixture(service.module ?? 'fetcher.cjs')
  const args = ['--import', fixture('watch.ts'), ...(service.args ?? [])]
  const done = await run(
    { ...service, args },
    { WATCH: JSON.stringify(targets.map((target) => ({ module: url, ...target }))), RECORD: record },
  )
  try {
    return { ...done, ...(JSON.parse(await readFile(record, 'utf8')) as Pick<Watched, 'calls' | 'said'>) }
  } catch (error) {
    throw new Error(`the service recorded nothing: ${done.stderr}`, { cause: error })
  } finally {
    await rm(folder, { recursive: true })
  }
}

const METHODS = ['resolves', 'rejects', 'throwsAtOnce', 'isSync', 'cached', 'lazy']
const ALL = [...METHODS.map((method) => ({ class: 'Fetcher', method })), { class: 'OldStyle', method: 'resolves' }]

describe('a call is recorded', () => {
  test.for([
    { why: 'of CommonJS that is imported', module: 'fetcher.cjs', inputType: 'module' },
    { why: 'of CommonJS that is required', module: 'fetcher.cjs', inputType: 'commonjs' },
    { why: 'of an ES module that is imported', module: 'fetcher.mjs', inputType: 'module' },
    { why: 'of an ES module that is required', module: 'fetcher.mjs', inputType: 'commonjs' },
    { why: 'of TypeScript that is imported', module: 'fetcher.ts', inputType: 'module' },
    { why: 'of TypeScript that is required', module: 'fetcher.ts', inputType: 'commonjs' },
  ] as const)('$why', async ({ module, inputType }) => {
    const program = "new Fetcher().resolves(5).then((value) => console.log('got', value))"
    const { stdout, calls, said } = await runWatched({ program, module, inputType }, [{ class: 'Fetcher', method: 'resolves' }])
    expect(stdout).toBe('got 5\n')
    expect(calls).toEqual([{ method: 'resolves', failed: false, value: 5, timed: true }])
    expect(said).toEqual([])
  })

  test.for([
    {
      why: 'that rejects',
      program: 'await new Fetcher().rejects().catch(() => {})',
      call: { method: 'rejects', failed: true, error: 'no' },
    },
    {
      why: 'that throws',
      program: 'try { new Fetcher().throwsAtOnce() } catch {}',
      call: { method: 'throwsAtOnce', failed: true, error: 'never' },
    },
    { why: 'that returns no promise', program: 'new Fetcher().isSync()', call: { method: 'isSync', failed: false, value: 7 } },
    {
      why: 'of a function on a prototype',
      program: 'await new OldStyle().resolves(3)',
      call: { method: 'resolves', failed: false, value: 3 },
    },
    {
      why: 'of a subclass that calls it',
      program: 'await new (class extends Fetcher { resolves(x) { return super.resolves(x + 1) } })().resolves(3)',
      call: { method: 'resolves', failed: false, value: 4 },
    },
  ])('$why', async ({ program, call }) => {
    const { calls, said } = await runWatched({ program }, ALL)
    expect(calls).toEqual([{ ...call, timed: true }])
    expect(said).toEqual([])
  })

  test('also where async_hooks marks every promise', async () => {
    const program = `require('node:async_hooks').createHook({ init() {} }).enable(); new Fetcher().resolves(5)`
    const { calls } = await runWatched({ program, inputType: 'commonjs' }, ALL)
    expect(calls).toMatchObject([{ method: 'resolves', value: 5 }])
  })

  test('also where the path to the module has a symbolic link in it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'otel-health-'))
    const link = join(folder, 'link')
    await symlink(fileURLToPath(fixture('.')), link)
    const url = pathToFileURL(join(link, 'fetcher.cjs')).href
    const { calls } = await runWatched({ program: 'new Fetcher().isSync()' }, [{ class: 'Fetcher', method: 'isSync', module: url }])
    await rm(folder, { recursive: true })
    expect(calls).toHaveLength(1)
  })

  test('but a module that does not exist stops the start with one sentence', () => {
    const url = fixture('nowhere.ts')
    const hook = hookModules()
    expect(() => watchMethod(hook, { module: url, class: 'A', method: 'b' }, { clock: new VirtualClock(), onCall: () => {} })).toThrow(
      `The module ${fileURLToPath(url)} of "methods" in health.config does not exist: give its path relative to health.config.`,
    )
  })

  test('once for each entry, if two watch the same method; restored, nothing is left', async () => {
    const program = `
      const original = Fetcher.prototype.resolves
      await new Fetcher().resolves(1)
      restoreMethods()
      await new Fetcher().resolves(2)
      console.log(Fetcher.prototype.resolves === original, Object.getOwnPropertySymbols(globalThis).map(String).join())`
    const twice = { class: 'Fetcher', method: 'resolves' }
    const { calls, stdout } = await runWatched({ program }, [twice, twice])
    expect(calls).toMatchObject([{ value: 1 }, { value: 1 }])
    expect(stdout).toMatch(/^false (?!.*otel-health)/)
  })

  test('unless it is put back; a wrapper that came later stays', async () => {
    const program = `
      const ours = Fetcher.prototype.isSync
      const theirs = (Fetcher.prototype.isSync = function () { return ours.call(this) + 1 })
      restoreMethods()
      console.log(Fetcher.prototype.isSync === theirs, new Fetcher().isSync())`
    expect((await runWatched({ program }, ALL)).stdout).toBe('true 8\n')
  })
})

describe('to the service there is no difference', () => {
  test.for([
    {
      why: 'this, private fields and arguments arrive',
      program: "const f = new Fetcher(); console.log(await f.resolves(1, undefined, 'x'), f.isSync())",
    },
    { why: 'this is still needed', program: 'const { resolves } = new Fetcher(); await resolves(1, 2).catch((e) => console.log(e.name))' },
    {
      why: 'a method keeps its name, length and place',
      program: `for (const [C, name] of [[Fetcher, 'resolves'], [OldStyle, 'resolves']]) {
        const { value, ...flags } = Object.getOwnPropertyDescriptor(C.prototype, name)
        console.log(value.name, value.length, flags, Object.keys(new C()), Object.getOwnPropertyNames(C.prototype))
      }`,
    },
    {
      why: 'a value that is resolved to is the same object',
      program: 'const value = {}; console.log((await new Fetcher().resolves(value)) === value)',
    },
    {
      why: 'an error that is thrown or rejected with is the same, and has a cause to look for',
      program: `
        async function caller() { await new Fetcher().rejects() }
        await caller().catch((e) => console.log(e.message, e.stack.includes('at async caller')))
        try { new Fetcher().throwsAtOnce() } catch (e) { console.log(e.message) }`,
    },
    {
      why: 'a promise is a Promise',
      program: 'const p = new Fetcher().resolves(1); console.log(p instanceof Promise, p.constructor === Promise)',
    },
    {
      why: 'an object that runs when it is asked runs once',
      program: 'const l = new Fetcher().lazy(); console.log(l.more, await l, Lazy.runs)',
    },
    {
      why: 'a rejection that nobody handles ends the service',
      program: "new Fetcher().rejects(); setTimeout(() => console.log('survived'), 200)",
    },
    {
      why: 'one that is handled late is told of, and then not',
      program: `
        process.on('unhandledRejection', (reason, promise) => { console.log('unhandled', reason.message); promise.catch(() => {}) })
        process.on('rejectionHandled', () => console.log('handled'))
        new Fetcher().rejects()`,
    },
    {
      why: 'one that is handled is no warning',
      program:
        "process.on('unhandledRejection', () => console.log('unhandled')); new Fetcher().rejects().catch(() => console.log('caught'))",
    },
    { why: 'an error that nobody catches ends the service', program: 'new Fetcher().throwsAtOnce()' },
    { why: 'an exit code stays', program: 'process.exitCode = 5; await new Fetcher().resolves(1)' },
  ])('$why', async ({ program }) => {
    const [plain, { code, stdout, stderr }] = await Promise.all([run({ program }), runWatched({ program }, ALL)])
    expect({ code, stdout, stderr }).toEqual(plain)
  })
})

describe('what cannot be recorded is said, and the service runs on', () => {
  const program = "console.log(await new Fetcher().resolves('fine'))"

  test.for([
    { why: 'a class that is not there', target: { class: 'Fetchr', method: 'resolves' }, says: 'there is no class declared as Fetchr' },
    {
      why: 'a method that is not there',
      target: { class: 'Fetcher', method: 'fetch' },
      says: 'there is no fetch on its prototype, on itself or on its instances',
    },
    { why: 'what is no method', target: { class: 'Fetcher', method: 'version' }, says: 'version is no function' },
    { why: 'a method of everybody', target: { class: 'Fetcher', method: 'hasOwnProperty' }, says: 'there is no hasOwnProperty' },
    { why: 'a class that cannot be changed', target: { class: 'Frozen', method: 'resolves' }, says: 'Cannot redefine property' },
    { why: 'a class of everybody', target: { class: 'Promise', method: 'then' }, says: 'there is no class declared as Promise' },
    { why: 'another word of the language', target: { class: 'await', method: 'resolves' }, says: 'there is no class declared as await' },
    {
      why: 'text that is no name',
      target: { class: 'Fetcher}); process.exit(9); ({', method: 'resolves' },
      says: 'there is no class declared',
    },
    { why: 'something that is no class', target: { class: 'exports', method: 'resolves' }, says: 'there is no resolves' },
    { why: 'a function without a prototype', target: { class: 'arrow', method: 'resolves' }, says: 'there is no resolves' },
  ])('$why', async ({ target, says }) => {
    const { code, stdout, calls, said } = await runWatched({ program }, [target, { class: 'Fetcher', method: 'resolves' }])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'fine\n' })
    expect(calls).toHaveLength(1)
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(`otel-health: ${target.class}.${target.method} in `)
    expect(said[0]).toContain(says)
  })

  test('a recorder that throws is said once', async () => {
    const { code, stdout, calls, said } = await runWatched(
      { program: "const f = new Fetcher(); for (const x of ['unrecordable', 'unrecordable', 'fine']) console.log(await f.resolves(x))" },
      ALL,
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'unrecordable\nunrecordable\nfine\n' })
    expect(calls).toHaveLength(1)
    expect(said).toEqual(['otel-health: a call of resolves could not be recorded: Error: cannot be recorded'])
  })

  test('an object that may run when it is asked ends when it is returned', async () => {
    const { calls, said, stdout } = await runWatched(
      { program: 'const f = new Fetcher(); f.lazy(); await f.lazy(); console.log(Lazy.runs)' },
      ALL,
    )
    expect(stdout).toBe('1\n')
    expect(calls).toMatchObject([{ method: 'lazy' }, { method: 'lazy' }])
    expect(said).toEqual([])
  })
})
