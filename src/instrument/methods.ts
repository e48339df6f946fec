/**
 * Watches calls of async class methods of modules that know nothing of us. A load hook appends one line to the target
 * module, which hands over its class; the method on the prototype is then replaced by one that does the same and tells
 * how it ended. Works for CommonJS, ES modules and TypeScript run by Node, because nothing but the end of the module's
 * text is touched.
 *
 * The caller is given a promise of ours, which settles as the method's own does, one microtask later. To listen on the
 * method's own promise and hand that out would mark it as handled, and a rejection nobody handles would no longer end
 * the service.
 */
import { realpathSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isPromise } from 'node:util/types'
import { Script } from 'node:vm'

import { diag } from '@opentelemetry/api'

import type { Clock } from '../types.ts'

export interface MethodCall {
  /** Milliseconds from the call until its promise settled. */
  readonly durationMs: number
  /** What it resolved to; absent if it threw or rejected. */
  readonly value?: unknown
  /** What it threw or rejected with. */
  readonly error?: unknown
  readonly failed: boolean
}

export interface WatchedMethod {
  /** file: URL of the module. */
  readonly url: string
  readonly class: string
  readonly method: string
  /** Must not throw; if it does, that is said once and the service does not notice. */
  readonly onCall: (call: MethodCall) => void
}

const HANDOVER = Symbol.for('otel-health.handover')

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown

/**
 * Installs the hook; modules loaded before it are not seen. Returns what removes the hook and restores every method.
 * Throws one sentence if a module does not exist.
 */
export function watchMethods(methods: readonly WatchedMethod[], clock: Clock): () => void {
  const byUrl = Map.groupBy(methods, ({ url }) => loadedUrl(url))
  const restores: (() => void)[] = []

  // Called by the service's module while it is loaded: a throw would keep the service from starting.
  const handover = (url: string, classes: Readonly<Record<string, unknown>>): void => {
    for (const target of byUrl.get(url) ?? []) {
      try {
        restores.push(wrapMethod(target, classes[target.class], clock))
      } catch (error) {
        diag.warn(
          `otel-health: ${target.class}.${target.method} in ${fileURLToPath(url)} is not recorded, correct "methods" in health.config:`,
          (error as Error).message,
        )
      }
    }
  }
  Object.defineProperty(globalThis, HANDOVER, { value: handover, configurable: true, enumerable: false })

  const hooks = registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const bare = url.split(/[?#]/)[0]!
      const targets = byUrl.get(bare)
      if (!targets || loaded.source === undefined || loaded.source === null) return loaded
      const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
      return { ...loaded, source: `${text}\n${handoverLine(bare, targets)}` }
    },
  })
  return () => {
    hooks.deregister()
    if (Reflect.get(globalThis, HANDOVER) === handover) Reflect.deleteProperty(globalThis, HANDOVER)
    // Of two wrappers of one method the outer one goes first.
    for (const restore of restores.toReversed()) restore()
  }
}

/** The URL Node loads a file by, which has no symbolic links in it. */
function loadedUrl(url: string): string {
  const path = fileURLToPath(url)
  try {
    return pathToFileURL(realpathSync(path)).href
  } catch {
    throw new Error(`The module ${path} of "methods" in health.config does not exist: give its path relative to health.config.`)
  }
}

/** A class that is not declared in the module is handed over as `undefined`; a global of that name is not meant. */
function handoverLine(url: string, targets: readonly WatchedMethod[]): string {
  const names = [...new Set(targets.map((target) => target.class))].filter(canBeDeclared)
  const entries = names.map((name) => `${name}: typeof ${name} === 'undefined' || ${name} === globalThis.${name} ? undefined : ${name}`)
  return `;globalThis[Symbol.for('otel-health.handover')]?.(${JSON.stringify(url)}, { ${entries.join(', ')} });`
}

/** Whether a class may be called so. Any other text, such as `default`, would be a syntax error in the service's module. */
function canBeDeclared(name: string): boolean {
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return false
  try {
    return Boolean(new Script(`'use strict'; async () => { class ${name} {} }`))
  } catch {
    return false
  }
}

/** Returns what puts the method back. Throws if there is no such method to wrap. */
function wrapMethod(target: WatchedMethod, constructor: unknown, clock: Clock): () => void {
  const prototype: unknown = typeof constructor === 'function' ? constructor.prototype : undefined
  if (typeof prototype !== 'object' || prototype === null) throw new Error(`there is no class declared as ${target.class}`)
  const descriptor = Object.getOwnPropertyDescriptor(prototype, target.method)
  if (typeof descriptor?.value !== 'function') {
    throw new Error(`${target.method} is no method of its own (a method of a base class or a function in a field is none)`)
  }
  const wrapped = watch(descriptor.value as AnyFunction, target, clock)
  Object.defineProperty(prototype, target.method, { ...descriptor, value: wrapped })
  return () => {
    // Somebody who wrapped the method after us keeps their wrapper.
    if (Object.getOwnPropertyDescriptor(prototype, target.method)?.value === wrapped) {
      Object.defineProperty(prototype, target.method, descriptor)
    }
  }
}

function watch(original: AnyFunction, target: WatchedMethod, clock: Clock): AnyFunction {
  const sayOnce = sayer(`otel-health: what ${target.class}.${target.method} returned could not be recorded:`)
  const tell = (call: MethodCall): void => {
    try {
      target.onCall(call)
    } catch (error) {
      sayOnce(error)
    }
  }
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const startedAt = clock.monotonicMs()
    const elapsed = (): number => clock.monotonicMs() - startedAt
    let result: unknown
    try {
      result = original.apply(this, args)
    } catch (error) {
      tell({ durationMs: elapsed(), error, failed: true })
      throw error
    }
    if (isPlainPromise(result)) {
      return result.then(
        (value) => {
          tell({ durationMs: elapsed(), value, failed: false })
          return value
        },
        (error: unknown) => {
          tell({ durationMs: elapsed(), error, failed: true })
          throw error
        },
      )
    }
    if (isThenable(result)) sayOnce('it is no plain Promise, and to ask another thenable may be to run it twice')
    else tell({ durationMs: elapsed(), value: result, failed: false })
    return result
  }
  Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original))
  return wrapped
}

function sayer(message: string): (detail: unknown) => void {
  let said = false
  return (detail) => {
    if (!said) diag.warn(message, detail)
    said = true
  }
}

/** A promise the caller cannot tell from another that settles alike: no subclass and nothing added to it (async_hooks adds symbols). */
function isPlainPromise(value: unknown): value is Promise<unknown> {
  return isPromise(value) && Object.getPrototypeOf(value) === Promise.prototype && Object.getOwnPropertyNames(value).length === 0
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
