/** What a module declares or exports under a name, to be read and replaced wherever the module has it. */
import type { Cancel } from '../../types.ts'
import type { Instances } from './instances.ts'

export interface Binding {
  readonly get: () => unknown
  /** Replaces the declaration and every export of the module that is it; false if it can't be replaced. */
  readonly set: (value: unknown) => boolean
  /** Hears of each instance, also of those made before; absent unless the class was asked for in `fields` and declares the field. */
  readonly onInstance?: (listener: (instance: object) => void) => Cancel
}

/** A place of a declaration: how to read it and, unless it is an import, how to assign to it. */
export type Place = readonly [get: () => unknown, set?: (value: unknown) => void]

export interface CommonJsModule {
  exports: unknown
}

/** A function without a name that is exported as default is called so. */
export function nameDefault(place: Place | undefined, inventedName: string): void {
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
export function bind(
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
