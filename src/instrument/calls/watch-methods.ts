/**
 * Records the calls of a function that health.config names: a method of a class (on its prototype, static, or a function that
 * each instance holds in a property), or a function a module declares or exports. What can't be recorded is said once, and
 * the service does not notice.
 *
 * An inherited method is replaced where it is declared, so that whoever replaces it there later is not passed over; calls on
 * siblings are not recorded. No class is replaced: `instance.constructor`, statics and private members stay as they are.
 */
import { realpathSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { diag } from '../../diag.ts'
import type { Cancel, Clock } from '../../types.ts'
import { escapePattern } from '../hook/escape-pattern.ts'
import { releaseGenerators } from './generator-outcome.ts'
import type { Binding } from '../hook/binding.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import { packageEntries } from '../hook/package-entries.ts'
import type { AnyFunction, CallListener } from './watch-function.ts'
import { watchFunction } from './watch-function.ts'
import { WeakList } from './weak-list.ts'

/** `class` with `method`, or `function`. */
export interface WatchedMethod {
  /** file: URL of the module, or the name of a package. */
  readonly module: string
  /** How the module is called when it is not loaded; default: `module`. */
  readonly label?: string
  /** Where a package is looked for; default: the working directory. */
  readonly folder?: string
  /** The name of a class or of an object that holds methods; as it is declared or exported. */
  readonly class?: string
  readonly method?: string
  readonly function?: string
  /** The last argument is a Node callback `(error, value)`. */
  readonly callback?: boolean
  /** Where health.config names it, and what becomes of it there; default: its calls are `recorded` by what "methods" says. */
  readonly named?: { readonly in: string; readonly to: string }
}

export interface MethodListener extends CallListener {
  readonly clock: Clock
  /** What stands in the place of the function; default: what does the same and tells. `when`: whether a call on this object is meant. */
  readonly wrap?: (original: AnyFunction, when: (self: unknown) => boolean) => AnyFunction
}

type Bindings = Readonly<Record<string, Binding | undefined>>

/**
 * Modules loaded before are not seen. Returns what restores every function, also where others have wrapped it or kept it.
 * Throws one sentence if the file does not exist.
 */
export function watchMethod(hook: ModuleHook, target: WatchedMethod, listener: MethodListener): Cancel {
  const { module, label = module, class: className, method, function: functionName, named = RECORDED } = target
  const matches = module.startsWith('file:') ? isFile(module, named.in) : packageEntries(module, target.folder ?? process.cwd())
  const title = functionName ?? `${className}.${method}`
  let said = false
  const cancel = hook.add({
    label,
    matches,
    names: [functionName ?? className!],
    ...(className !== undefined && method !== undefined && { fields: [{ class: className, field: method }] }),
    isCommonJs: /^file:.*\.c[jt]s$/u.test(module),
    onLoad(bindings, url, hasEnded): Cancel | undefined {
      try {
        const replacing = new Replacing(target, listener)
        if (functionName !== undefined) replacing.export(bindings, functionName)
        else replacing.method(bindings, className!, method!)
        return () => replacing.undo()
      } catch (error) {
        if (!hasEnded) throw error
        if (!said)
          diag.warn(
            `otel-health: ${title} in ${fileURLToPath(url)} is not ${named.to}, correct "${named.in}" in health.config:`,
            (error as Error).message,
          )
        said = true
        return undefined
      }
    },
  })
  return cancel
}

const RECORDED = { in: 'methods', to: 'recorded' } as const

/** Node loads a file by a URL that has no symbolic links in it. */
function isFile(module: string, list: string): (url: string) => boolean {
  const path = fileURLToPath(module)
  try {
    const real = pathToFileURL(realpathSync(path)).href
    return (url) => url === real
  } catch {
    throw new Error(`The module ${path} of "${list}" in health.config does not exist: give its path relative to health.config.`)
  }
}

/** Wrappers of everybody, so that what two copies of a package share is recorded once for each target. */
const wrappers = new WeakMap<object, WatchedMethod>()

/** What is replaced in one module for one target. Its methods throw if there is nothing that can be. */
class Replacing {
  readonly #target: WatchedMethod
  readonly #listener: MethodListener
  readonly #undos: Cancel[] = []
  /** Instances that hold a wrapped function. */
  readonly #instances = new WeakList()
  #active = true

  constructor(target: WatchedMethod, listener: MethodListener) {
    this.#target = target
    this.#listener = listener
  }

  export(bindings: Bindings, name: string): void {
    const binding = bindings[name]
    const original = binding?.get()
    if (!binding || typeof original !== 'function') throw new Error(`there is no function declared or exported as ${name}`)
    if (this.#isDone(original)) return
    const wrapped = this.#wrap(original as AnyFunction)
    if (!binding.set(wrapped)) throw new Error(`${name} can't be replaced there: name the module that declares it`)
    this.#undos.push(() => {
      if (binding.get() === wrapped) binding.set(original)
    })
  }

  method(bindings: Bindings, className: string, method: string): void {
    const binding = bindings[className]
    const holder = binding?.get()
    if (!binding || !isObject(holder)) throw new Error(`there is no class declared as ${className}`)
    const prototype: unknown = typeof holder === 'function' ? holder.prototype : undefined
    if (isObject(prototype) && Object.hasOwn(prototype, method)) return this.#property(prototype, method)
    if (Object.hasOwn(holder, method)) return this.#property(holder, method)
    if (binding.onInstance) return void this.#undos.push(binding.onInstance((instance) => this.#field(instance, method)))
    if (isObject(prototype) && assigns(holder, method)) return this.#assigned(prototype, method)
    const owner = isObject(prototype) ? ownerOf(prototype, method) : undefined
    if (owner) return this.#property(owner, method, (self) => isInstance(prototype as object, self))
    const staticOwner = ownerOf(holder, method)
    if (staticOwner) return this.#property(staticOwner, method, (self) => self === holder || isInstance(holder, self))
    throw new Error(`there is no ${method} on its prototype, on itself or on its instances`)
  }

  /** Somebody who wrapped the function after us keeps their wrapper; ours in it then records nothing. */
  undo(): void {
    this.#active = false
    for (const undo of this.#undos.toReversed()) undo()
    for (const instance of this.#instances) restore(instance, this.#target.method!)
  }

  #wrap(original: AnyFunction, when?: (self: unknown) => boolean): AnyFunction {
    const { callback = false } = this.#target
    const isRecorded = (self: unknown): boolean => this.#active && (when === undefined || when(self))
    const wrapped = this.#standIn(original, isRecorded, callback)
    wrappers.set(wrapped, this.#target)
    fieldOriginals.set(wrapped, original)
    this.#undos.push(() => releaseGenerators(original))
    return wrapped
  }

  #standIn(original: AnyFunction, when: (self: unknown) => boolean, callback = false): AnyFunction {
    const { wrap } = this.#listener
    return wrap ? wrap(original, when) : watchFunction(original, { ...this.#listener, callback, when })
  }

  #isDone(value: unknown): boolean {
    return isObject(value) && wrappers.get(value) === this.#target
  }

  #property(owner: object, method: string, when?: (self: unknown) => boolean): void {
    const descriptor = Object.getOwnPropertyDescriptor(owner, method)!
    const part = 'get' in descriptor ? 'get' : 'value'
    const original: unknown = descriptor[part]
    if (this.#isDone(original)) return
    if (typeof original !== 'function') throw new Error(`${method} is no function`)
    const replacement = part === 'get' ? this.#getter(original as AnyFunction, when) : this.#wrap(original as AnyFunction, when)
    if (!Reflect.defineProperty(owner, method, { ...descriptor, [part]: replacement }))
      throw new Error(`Cannot redefine property: ${method}`)
    this.#undos.push(() => {
      if (Object.getOwnPropertyDescriptor(owner, method)?.[part] === replacement) Object.defineProperty(owner, method, descriptor)
    })
  }

  /** A getter that gives a wrapper of the function, the same one each time. */
  #getter(original: AnyFunction, when?: (self: unknown) => boolean): AnyFunction {
    const known = new WeakMap<object, AnyFunction>()
    const wrapper = (value: AnyFunction): AnyFunction => {
      const wrapped = known.get(value) ?? this.#wrap(value)
      known.set(value, wrapped)
      return wrapped
    }
    const getter = new Proxy(original, {
      apply: (target, self, args) => {
        const value: unknown = Reflect.apply(target, self, args)
        return typeof value === 'function' && this.#active && (when === undefined || when(self)) ? wrapper(value as AnyFunction) : value
      },
    })
    wrappers.set(getter, this.#target)
    return getter
  }

  /** A field of a class, when all fields of a new instance are there. One without a value gets it in the constructor. */
  #field(instance: object, method: string): void {
    const descriptor = Object.getOwnPropertyDescriptor(instance, method)
    if (!this.#active || !descriptor || this.#isDone(descriptor.value)) return
    if (typeof descriptor.value === 'function') this.#hold(instance, method, descriptor.value as AnyFunction, descriptor)
    else if (descriptor.value === undefined && descriptor.configurable && !descriptor.get) {
      const get = (): unknown => undefined
      Object.defineProperty(instance, method, { ...this.#trap(method, get), enumerable: descriptor.enumerable === true })
    }
  }

  /** A function that a constructor assigns: the prototype is asked first, as long as the instance has no such property. */
  #assigned(prototype: object, method: string): void {
    const get = function (this: unknown): unknown {
      return Reflect.get(Object.getPrototypeOf(prototype) as object, method, this)
    }
    const trap = { ...this.#trap(method, get), enumerable: false }
    if (!Reflect.defineProperty(prototype, method, trap)) throw new Error(`Cannot define property ${method}, object is not extensible`)
    this.#undos.push(() => {
      if (Object.getOwnPropertyDescriptor(prototype, method)?.set === trap.set) Reflect.deleteProperty(prototype, method)
    })
  }

  #trap(method: string, get: () => unknown): Required<Pick<PropertyDescriptor, 'get' | 'set' | 'configurable'>> {
    const hold = (instance: object, value: unknown): void => {
      const plain = { value, writable: true, enumerable: true, configurable: true }
      if (typeof value === 'function' && this.#active) this.#hold(instance, method, value as AnyFunction, plain)
      else Object.defineProperty(instance, method, plain)
    }
    return {
      configurable: true,
      get,
      set(this: object, value: unknown) {
        hold(this, value)
      },
    }
  }

  #hold(instance: object, method: string, original: AnyFunction, descriptor: PropertyDescriptor): void {
    const wrapped = this.#standIn(original, () => this.#active, this.#target.callback)
    wrappers.set(wrapped, this.#target)
    fieldOriginals.set(wrapped, original)
    if (Reflect.defineProperty(instance, method, { ...descriptor, value: wrapped })) this.#instances.add(instance)
  }
}

/** Wrapper in a property of an instance -> what it stands for. */
const fieldOriginals = new WeakMap<object, AnyFunction>()

function restore(instance: object, method: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(instance, method)
  const original = isObject(descriptor?.value) ? fieldOriginals.get(descriptor.value) : undefined
  if (original) Reflect.defineProperty(instance, method, { ...descriptor, value: original })
}

/** Methods that everything has are not meant. */
function ownerOf(from: object, method: string): object | undefined {
  let owner: object | null = from
  while (owner && owner !== Object.prototype && owner !== Function.prototype) {
    if (Object.hasOwn(owner, method)) return owner
    owner = Object.getPrototypeOf(owner) as object | null
  }
  return undefined
}

function assigns(constructor: object, method: string): boolean {
  if (typeof constructor !== 'function') return false
  const text = Function.prototype.toString.call(constructor)
  return new RegExp(`this\\s*\\.\\s*${escapePattern(method)}\\s*=[^=]`, 'u').test(text)
}

const isObject = (value: unknown): value is object => (typeof value === 'object' && value !== null) || typeof value === 'function'
const isInstance = (prototype: object, self: unknown): boolean => isObject(self) && Object.prototype.isPrototypeOf.call(prototype, self)
