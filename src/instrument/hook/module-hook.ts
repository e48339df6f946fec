/**
 * Hands over top-level declarations of modules that know nothing of us, while they are loaded: CommonJS, ES modules and
 * TypeScript run by Node. Only modules that are targets are changed (see handover-source.ts); every other one costs a test.
 *
 * ES modules are changed by a synchronous load hook. CommonJS is changed where its text is compiled, for its text may
 * come from a load hook, from an asynchronous hook that gives none (`source` is then null and the loader reads the file
 * itself) or from `require.extensions`, as tsx and its like have it.
 */
// By a name of its own registerHooks would keep Node 20 from loading this and saying that it is too old.
import nodeModule, { Module, createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

import { OWN_FOLDER } from '../../version.ts'
import { diag } from '../../diag.ts'
import type { Cancel } from '../../types.ts'
import type { Binding, CommonJsModule, Place } from './binding.ts'
import { bind, nameDefault } from './binding.ts'
import { Instances } from './instances.ts'
import { withHandover } from './handover-source.ts'
import { hasLoadHookQuirk, isCommonJsEntry, loadNext } from './load-hook-quirk.ts'

export interface ModuleTarget {
  /** How it is called when it never matched, e.g. `./fetcher.ts` or `bullmq`. */
  readonly label: string
  /** `url`: file: URL without query and hash. */
  readonly matches: (url: string) => boolean
  /** Top-level declarations to be handed over (classes, functions, variables), also 'default' and 'module.exports'. */
  readonly names: readonly string[]
  /** Classes whose instances are to be handed over if their text declares such a field. */
  readonly fields?: readonly { readonly class: string; readonly field: string }[]
  /** That every module it matches is CommonJS: for its sake older versions of Node need no load hook (see load-hook-quirk.ts). */
  readonly isCommonJs?: boolean
  /** That older versions of Node get no load hook for its sake either: where they lack one, its ES modules are not seen. */
  readonly yieldsToQuirk?: boolean
  /**
   * Called once per loaded module while it is loaded: as soon as all `names` are there, or after its body ran (`hasEnded`). Must not
   * throw after that (it is caught and said); before, what throws is called again later. Returns what undoes it.
   */
  readonly onLoad: (bindings: Readonly<Record<string, Binding | undefined>>, url: string, hasEnded: boolean) => Cancel | void
}

/** What never was handed over. */
export interface Unmatched {
  /** Labels of targets whose module was not seen while it was loaded. */
  readonly labels: readonly string[]
  /** Of these, those whose module had been loaded before, as far as that can be known. */
  readonly before: readonly string[]
  /** Labels of targets whose module is loaded, but whose body has come neither to what they ask for nor to its end. */
  readonly running: readonly string[]
  /** file: URLs of the service's own modules that were seen (bounded). */
  readonly seen: readonly string[]
}

export interface ModuleHook {
  add(target: ModuleTarget): Cancel
  unmatched(): Unmatched
  /** Names of packages of which a module was loaded (bounded). */
  packages(): ReadonlySet<string>
  /** Removes the hook and undoes what targets did, the last first. */
  remove(): void
}

interface Receiver {
  /**
   * Called several times for one `load` of a module, at last when its body `hasEnded`. `withInstances`: classes that hand over their
   * instances. `inventedName`: what a default export without a name was called.
   */
  module(
    load: object,
    hasEnded: boolean,
    url: string,
    places: Readonly<Record<string, readonly Place[]>>,
    module: CommonJsModule | undefined,
    withInstances: readonly string[],
    inventedName: string | undefined,
  ): void
  instance(url: string, name: string, instance: object): void
}

type Compile = (this: unknown, content: unknown, filename: unknown, ...rest: unknown[]) => unknown

/** Not documented, and relied on by everything that transpiles on the fly. */
const COMPILE = '_compile'
const MAX_SEEN = 50
const MAX_PACKAGES = 2000
const PACKAGES = '/node_modules/'

/** One per process (thread). Modules loaded before are not seen. */
export function hookModules(): ModuleHook {
  const targets = new Set<ModuleTarget>()
  const unmatched = new Set<ModuleTarget>()
  const running = new Set<ModuleTarget>()
  const done = new WeakMap<object, Set<ModuleTarget>>()
  const undos: { readonly target: ModuleTarget; readonly undo: Cancel }[] = []
  const seen = new Set<string>()
  const packages = new Set<string>()
  const instances = new Map<string, Instances>()
  const key = freeKey()

  /** Done while the service loads a module: what is thrown is said, and does not keep the service from starting. */
  let said = false
  const tried = <T>(module: string, work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      if (!said)
        diag.warn(`otel-health: ${module} is loaded as it is, and what health.config names there is not recorded:`, messageOf(error))
      said = true
      return undefined
    }
  }

  const targetsOf = (url: string): readonly ModuleTarget[] => [...targets].filter(({ matches }) => matches(url))

  const edit = (loadedUrl: string, source: unknown): string | undefined => {
    const url = bare(loadedUrl)
    if (!url.startsWith('file:')) return undefined
    const inPackage = url.lastIndexOf(PACKAGES)
    if (inPackage >= 0) {
      if (packages.size < MAX_PACKAGES) packages.add(packageOf(url, inPackage + PACKAGES.length))
    } else if (seen.size < MAX_SEEN && !url.startsWith(OWN_FOLDER)) seen.add(url)
    const found = targetsOf(url)
    if (found.length === 0 || source === null || source === undefined) return undefined
    const text = typeof source === 'string' ? source : new TextDecoder().decode(source as Uint8Array)
    if (text.includes(key)) return undefined
    for (const target of found) running.add(target)
    const names = [...new Set(found.flatMap((target) => target.names))]
    return withHandover(text, { key, url, names, fields: found.flatMap(({ fields = [] }) => fields) })
  }

  const instancesOf = (url: string, name: string): Instances => {
    const id = `${name} ${url}`
    const known = instances.get(id) ?? new Instances()
    instances.set(id, known)
    return known
  }

  const handOver: Receiver['module'] = (load, hasEnded, url, places, module, withInstances, inventedName) => {
    if (inventedName !== undefined) nameDefault(places['default']?.[0], inventedName)
    const bindings: Record<string, Binding | undefined> = {}
    for (const name of Object.keys(places)) {
      bindings[name] = bind(name, places, module, withInstances.includes(name) ? instancesOf(url, name) : undefined)
    }
    const found = targetsOf(url)
    const had = done.get(load) ?? new Set()
    done.set(load, had)
    for (const target of found) {
      if (had.has(target) || !(hasEnded || target.names.every((name) => bindings[name] !== undefined))) continue
      try {
        const cancel = target.onLoad(bindings, url, hasEnded)
        if (cancel) undos.push({ target, undo: cancel })
      } catch (error) {
        if (!hasEnded) continue
        diag.warn(`otel-health: ${target.label} is not recorded:`, messageOf(error))
      }
      had.add(target)
      unmatched.delete(target)
    }
    if (found.every((target) => had.has(target))) for (const name of withInstances) instancesOf(url, name).forgetEarly()
  }
  // Called by the service's module while it is loaded: a throw would keep the service from starting.
  const receiver: Receiver = {
    module: (load, hasEnded, url, ...rest) => tried(url, () => handOver(load, hasEnded, url, ...rest)),
    instance: (url, name, instance) => tried(url, () => instancesOf(url, name).add(instance)),
  }
  Object.defineProperty(globalThis, Symbol.for(key), { value: receiver, configurable: true })

  const restoreCompile = editCommonJs((filename, content) => tried(filename, () => edit(pathToFileURL(filename).href, content)))
  const hasQuirk = hasLoadHookQuirk(process.versions.node)
  let hooks: ReturnType<typeof nodeModule.registerHooks> | undefined
  const hookLoads = (): ReturnType<typeof nodeModule.registerHooks> =>
    nodeModule.registerHooks({
      load(url, context, nextLoad) {
        const loaded = loadNext(url, context, nextLoad)
        // The wrapper that import-in-the-middle makes of a module is not the module.
        const isModule = isCode(loaded.format, url) && !url.includes('iitm=true')
        const source = isModule ? tried(url, () => edit(url, loaded.source)) : undefined
        return source === undefined ? loaded : { ...loaded, source }
      },
    })

  return {
    add(target) {
      targets.add(target)
      unmatched.add(target)
      if (!hasQuirk || (needsLoadHook(target) && !isCommonJsEntry(process.argv[1]))) hooks ??= hookLoads()
      return () => {
        targets.delete(target)
        unmatched.delete(target)
        running.delete(target)
        undo(undos, (each) => each.target === target)
      }
    },
    packages: () => packages,
    unmatched() {
      const labels = (which: (target: ModuleTarget) => boolean): string[] => [...unmatched].filter(which).map(({ label }) => label)
      const wasBefore = (target: ModuleTarget): boolean => !running.has(target) && requiredUrls().some((url) => target.matches(url))
      return {
        labels: labels((target) => !running.has(target)),
        before: labels(wasBefore),
        running: labels((target) => running.has(target)),
        seen: [...seen],
      }
    },
    remove() {
      hooks?.deregister()
      restoreCompile()
      Reflect.deleteProperty(globalThis, Symbol.for(key))
      undo(undos, () => true)
      targets.clear()
      unmatched.clear()
      running.clear()
    },
  }
}

function needsLoadHook({ isCommonJs, yieldsToQuirk }: ModuleTarget): boolean {
  return isCommonJs !== true && yieldsToQuirk !== true
}

/** Of two things done to one function the last is undone first. */
function undo(undos: { readonly target: ModuleTarget; readonly undo: Cancel }[], which: (each: (typeof undos)[number]) => boolean): void {
  for (const each of undos.filter(which).toReversed()) {
    undos.splice(undos.indexOf(each), 1)
    each.undo()
  }
}

/** What else is imported and required, such as JSON and WebAssembly, has no declarations; where there is no format, the loader goes by the name. */
function isCode(format: string | null | undefined, url: string): boolean {
  return format ? /^(?:module|(?:require-)?commonjs)/u.test(format) : !/\.(?:json|node|wasm)$/u.test(bare(url))
}

const requiredUrls = (): string[] => Object.keys(createRequire(import.meta.url).cache).map((file) => pathToFileURL(file).href)

/** `bull` or `@nestjs/bull`; a URL escapes the @ of a scope at most. */
function packageOf(url: string, from: number): string {
  const end = url.indexOf('/', from)
  const isScoped = url[from] === '@' || url.startsWith('%40', from)
  const last = isScoped ? url.indexOf('/', end + 1) : end
  const name = url.slice(from, last < 0 ? undefined : last)
  return isScoped ? name.replace(/^%40/u, '@') : name
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
const bare = (url: string): string => url.split(/[?#]/, 1)[0]!

/** Two copies of this package may be loaded, each with a hook of its own. */
function freeKey(): string {
  for (let n = 1; ; n++) {
    const key = `otel-health.handover.${n}`
    if (!(Symbol.for(key) in globalThis)) return key
  }
}

function editCommonJs(edit: (filename: string, content: string) => string | undefined): Cancel {
  const prototype = Module.prototype as unknown as Record<typeof COMPILE, Compile>
  const original = prototype[COMPILE]
  if (typeof original !== 'function') return () => {}
  const compile = new Proxy(original, {
    apply(target, module, [content, filename, ...rest]: [unknown, unknown, ...unknown[]]) {
      const source = typeof content === 'string' && typeof filename === 'string' ? edit(filename, content) : undefined
      return Reflect.apply(target, module, [source ?? content, filename, ...rest])
    },
  })
  prototype[COMPILE] = compile
  return () => {
    if (prototype[COMPILE] === compile) prototype[COMPILE] = original
  }
}
