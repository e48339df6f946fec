/**
 * Watches calls of async class methods of modules that know nothing of us. A load hook appends one line to the target
 * module, which hands over its class; the method on the prototype is then replaced by one that does the same and tells
 * how it ended. Works for CommonJS, ES modules and TypeScript run by Node, because nothing but the end of the module's
 * text is touched.
 */
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

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

/** Installs the hook; modules loaded before it are not seen. Returns what removes the hook and restores every method. */
export function watchMethods(methods: readonly WatchedMethod[], clock: Clock): () => void {
  const byUrl = Map.groupBy(methods, ({ url }) => url)
  const restores: (() => void)[] = []

  const handover = (url: string, classes: Readonly<Record<string, unknown>>): void => {
    for (const target of byUrl.get(url) ?? []) {
      const restore = wrapMethod(target, classes[target.class], clock)
      if (restore) restores.push(restore)
    }
  }
  Object.defineProperty(globalThis, HANDOVER, { value: handover, configurable: true, enumerable: false })

  const hooks = registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const bare = url.split('?')[0]!
      const targets = byUrl.get(bare)
      if (!targets || loaded.source === undefined || loaded.source === null) return loaded
      const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
      return { ...loaded, source: `${text}\n${handoverLine(bare, targets)}` }
    },
  })
  return () => {
    hooks.deregister()
    for (const restore of restores) restore()
  }
}

/** `typeof` keeps a class that is not declared in the module from breaking it. */
function handoverLine(url: string, targets: readonly WatchedMethod[]): string {
  const names = [...new Set(targets.map((target) => target.class))].filter((name) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name))
  const entries = names.map((name) => `${name}: typeof ${name} === 'undefined' ? undefined : ${name}`)
  return `;globalThis[Symbol.for('otel-health.handover')]?.(${JSON.stringify(url)}, { ${entries.join(', ')} });`
}

function wrapMethod(target: WatchedMethod, constructor: unknown, clock: Clock): (() => void) | undefined {
  const prototype: unknown = typeof constructor === 'function' ? constructor.prototype : undefined
  const descriptor = prototype ? Object.getOwnPropertyDescriptor(prototype, target.method) : undefined
  if (!prototype || typeof descriptor?.value !== 'function') {
    const what = prototype ? `the class ${target.class} has no method ${target.method}` : `there is no class ${target.class}`
    diag.warn(`otel-health: ${what} in ${fileURLToPath(target.url)}; correct "methods" in health.config or nothing of it is recorded`)
    return undefined
  }
  const original = descriptor.value as AnyFunction
  const wrapped = watch(original, target, clock)
  Object.defineProperty(prototype, target.method, { ...descriptor, value: wrapped })
  return () => {
    // Somebody who wrapped the method after us keeps their wrapper.
    if (Object.getOwnPropertyDescriptor(prototype, target.method)?.value === wrapped) {
      Object.defineProperty(prototype, target.method, descriptor)
    }
  }
}

function watch(original: AnyFunction, target: WatchedMethod, clock: Clock): AnyFunction {
  let saidError = false
  const tell = (call: MethodCall): void => {
    try {
      target.onCall(call)
    } catch (error) {
      if (saidError) return
      saidError = true
      diag.warn(`otel-health: what ${target.class}.${target.method} returned could not be recorded:`, error)
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
    if (isThenable(result)) {
      result.then(
        (value) => tell({ durationMs: elapsed(), value, failed: false }),
        (error) => tell({ durationMs: elapsed(), error, failed: true }),
      )
    } else tell({ durationMs: elapsed(), value: result, failed: false })
    return result
  }
  Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original))
  return wrapped
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
