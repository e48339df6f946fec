/**
 * Hands over top-level declarations of modules that know nothing of us, while they are loaded: CommonJS, ES modules and
 * TypeScript run by Node. Only modules that are targets are changed (see handover-source.ts); every other one costs a test.
 *
 * ES modules are changed by a synchronous load hook. CommonJS is changed where its text is compiled, for its text may
 * come from a load hook, from an asynchronous hook that gives none (`source` is then null and the loader reads the file
 * itself) or from `require.extensions`, as tsx and its like have it.
 */
import { Module, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

import { OWN_FOLDER } from '../../version.ts'
import { diag } from '../../diag.ts'
import type { Cancel } from '../../types.ts'
import { withHandover } from './handover-source.ts'
import { hasLoadHookQuirk, isCommonJsEntry, loadNext } from './load-hook-quirk.ts'

export interface Binding {
  readonly get: () => unknown
  /** Replaces the declaration and every export of the module that is it; false if it can't be replaced. */
  readonly set: (value: unknown) => boolean
  /** Hears of each instance, also of those made before; absent unless the class was asked for in `fields` and declares the field. */
  readonly onInstance?: (listener: (instance: object) => void) => Cancel
}

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
  /** Called once per loaded module while it is loaded, after its body ran. Must not throw (it is caught and said). Returns what undoes it. */
  readonly onLoad: (bindings: Readonly<Record<string, Binding | undefined>>, url: string) => Cancel | void
}

export interface ModuleHook {
  add(target: ModuleTarget): Cancel
  /** Labels of targets that never matched, and file: URLs of the service's own modules that were seen (bounded). */
  unmatched(): { readonly labels: readonly string[]; readonly seen: readonly string[] }
  /** Removes the hook and undoes what targets did, the last first. */
  remove(): void
}

/** A place of a declaration: how to read it and, unless it is an import, how to assign to it. */
type Place = readonly [get: () => unknown, set?: (value: unknown) => void]

interface CommonJsModule {
  exports: unknown
}

interface Receiver {
  /** `withInstances`: classes that hand over their instances. `inventedName`: what a default export without a name was called. */
  module(
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

/** One per process (thread). Modules loaded before are not seen. */
export function hookModules(): ModuleHook {
  const targets = new Set<ModuleTarget>()
  const unmatched = new Set<ModuleTarget>()
  const undos: { readonly target: ModuleTarget; readonly undo: Cancel }[] = []
  const seen = new Set<string>()
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
    if (seen.size < MAX_SEEN && !url.includes('/node_modules/') && !url.startsWith(OWN_FOLDER)) seen.add(url)
    const found = targetsOf(url)
    if (found.length === 0 || source === null || source === undefined) return undefined
    const text = typeof source === 'string' ? source : new TextDecoder().decode(source as Uint8Array)
    if (text.includes(key)) return undefined
    const names = [...new Set(found.flatMap((target) => target.names))]
    return withHandover(text, { key, url, names, fields: found.flatMap(({ fields = [] }) => fields) })
  }

  const instancesOf = (url: string, name: string): Instances => {
    const id = `${name} ${url}`
    const known = instances.get(id) ?? new Instances()
    instances.set(id, known)
    return known
  }

  const handOver: Receiver['module'] = (url, places, module, withInstances, inventedName) => {
    if (inventedName !== undefined) nameDefault(places['default']?.[0], inventedName)
    const bindings: Record<string, Binding | undefined> = {}
    for (const name of Object.keys(places)) {
      bindings[name] = bind(name, places, module, withInstances.includes(name) ? instancesOf(url, name) : undefined)
    }
    for (const target of targetsOf(url)) {
      unmatched.delete(target)
      try {
        const cancel = target.onLoad(bindings, url)
        if (cancel) undos.push({ target, undo: cancel })
      } catch (error) {
        diag.warn(`otel-health: ${target.label} is not recorded:`, messageOf(error))
      }
    }
    for (const name of withInstances) instancesOf(url, name).forgetEarly()
  }
  // Called by the service's module while it is loaded: a throw would keep the service from starting.
  const receiver: Receiver = {
    module: (url, ...rest) => tried(url, () => handOver(url, ...rest)),
    instance: (url, name, instance) => tried(url, () => instancesOf(url, name).add(instance)),
  }
  Object.defineProperty(globalThis, Symbol.for(key), { value: receiver, configurable: true })

  const restoreCompile = editCommonJs((filename, content) => tried(filename, () => edit(pathToFileURL(filename).href, content)))
  const hasQuirk = hasLoadHookQuirk(process.versions.node)
  let hooks: ReturnType<typeof registerHooks> | undefined
  const hookLoads = (): ReturnType<typeof registerHooks> =>
    registerHooks({
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
      if (!hasQuirk || (target.isCommonJs !== true && !isCommonJsEntry(process.argv[1]))) hooks ??= hookLoads()
      return () => {
        targets.delete(target)
        unmatched.delete(target)
        undo(undos, (each) => each.target === target)
      }
    },
    unmatched: () => ({ labels: [...unmatched].map(({ label }) => label), seen: [...seen] }),
    remove() {
      hooks?.deregister()
      restoreCompile()
      Reflect.deleteProperty(globalThis, Symbol.for(key))
      undo(undos, () => true)
      targets.clear()
      unmatched.clear()
    },
  }
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

/** Instances of one class: those made while its module was still being loaded wait for a listener. */
class Instances {
  readonly #listeners = new Set<(instance: object) => void>()
  #early: object[] | undefined = []

  add(instance: object): void {
    this.#early?.push(instance)
    for (const listener of this.#listeners) listener(instance)
  }

  /** After this no instance is kept. */
  listen(listener: (instance: object) => void): Cancel {
    for (const instance of this.#early ?? []) listener(instance)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  forgetEarly(): void {
    this.#early = undefined
  }
}

/** A function without a name that is exported as default is called so. */
function nameDefault(place: Place | undefined, inventedName: string): void {
  const value = place && read(place)
  if (typeof value !== 'function' || Object.getOwnPropertyDescriptor(value, 'name')?.value !== inventedName) return
  Reflect.defineProperty(value, 'name', { value: 'default', configurable: true })
}

/** An import from a module that is still being loaded, as in a cycle, throws; so do some of the globals. */
function read([get]: Place): unknown {
  try {
    return get()
  } catch {
    return undefined
  }
}

/** `undefined` if the module neither declares nor exports such a thing. */
function bind(
  name: string,
  places: Readonly<Record<string, readonly Place[]>>,
  module: CommonJsModule | undefined,
  instances: Instances | undefined,
): Binding | undefined {
  const get = (): unknown => {
    for (const place of places[name] ?? []) {
      const value = read(place)
      if (value !== undefined) return value
    }
    return module && exportOf(module, name)
  }
  if (get() === undefined) return undefined
  const set = (value: unknown): boolean => {
    const old = get()
    const undos = [...replacePlaces(Object.values(places).flat(), old, value), ...(module ? replaceExports(module, old, value) : [])]
    if (get() === value && !(module && Object.values(exportsOf(module)).includes(old))) return true
    for (const each of undos.toReversed()) each()
    return false
  }
  return { get, set, ...(instances && { onInstance: (listener) => instances.listen(listener) }) }
}

/** Imports and constants that were not recognised can't be assigned to. */
function replacePlaces(places: readonly Place[], old: unknown, value: unknown): Cancel[] {
  return places.flatMap((place) => {
    const [, assign] = place
    if (!assign || read(place) !== old) return []
    try {
      assign(value)
      return [() => assign(old)]
    } catch {
      return []
    }
  })
}

function exportOf(module: CommonJsModule, name: string): unknown {
  if (name === 'module.exports') return module.exports
  const exported = exportsOf(module)
  if (Object.hasOwn(exported, name)) return exported[name]
  return name === 'default' || (module.exports as { name?: unknown } | null | undefined)?.name === name ? module.exports : undefined
}

/** The values of all exports; of a getter that throws there is none. */
function exportsOf({ exports }: CommonJsModule): Readonly<Record<string | symbol, unknown>> {
  const values: Record<string | symbol, unknown> = {}
  for (const [key] of descriptorsOf(exports)) {
    try {
      values[key] = Reflect.get(exports as object, key)
    } catch {
      continue
    }
  }
  return values
}

function descriptorsOf(exported: unknown): [string, PropertyDescriptor][] {
  if ((typeof exported !== 'object' || exported === null) && typeof exported !== 'function') return []
  return Object.entries(Object.getOwnPropertyDescriptors(exported))
}

/** Transpilers define exports as getters, which follow the declaration or, if they do not, are defined anew. */
function replaceExports(module: CommonJsModule, old: unknown, value: unknown): Cancel[] {
  const container = module.exports
  const undos: Cancel[] = []
  if (container === old) {
    module.exports = value
    undos.push(() => (module.exports = old))
  }
  const values = exportsOf({ exports: container })
  for (const [key, descriptor] of descriptorsOf(container)) {
    if (values[key] !== old || !(descriptor.configurable || descriptor.writable)) continue
    Object.defineProperty(container, key, descriptor.get ? { ...descriptor, get: () => value } : { ...descriptor, value })
    undos.push(() => Object.defineProperty(container, key, descriptor))
  }
  return undos
}
