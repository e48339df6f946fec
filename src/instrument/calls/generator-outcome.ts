/**
 * Tells how a generator ended: finished, thrown, or returned early. The generator is handed out as it is. What observes it
 * are methods on the `prototype` of its generator function, an object of that function alone which is empty by default; they
 * do what the methods they stand before do.
 */
import { isPromise } from 'node:util/types'

import type { Clock } from '../../types.ts'
import type { PromiseListener } from './promise-outcome.ts'
import { callBegins, callReturns, watchPromise } from './promise-outcome.ts'

type Step = (this: unknown, value?: unknown) => unknown

interface Life {
  readonly listener: PromiseListener
  readonly clock: Clock
  /** Inside of a step: another step of a synchronous generator is refused, which is not its end. */
  running: boolean
}

const lives = new WeakMap<object, Life[]>()
const STEPS = ['next', 'return', 'throw'] as const
const ours = new WeakSet<object>()

/** False if the generator is not one of the function's own, or its methods can't be stood before. */
export function watchGenerator(generator: object, owner: object, listener: PromiseListener, clock: Clock): boolean {
  const prototype = Object.getPrototypeOf(generator) as object | null
  if (!prototype || prototype !== (owner as { prototype?: unknown }).prototype || !observe(prototype)) return false
  const life = { listener, clock, running: false }
  const known = lives.get(generator)
  if (known) known.push(life)
  else lives.set(generator, [life])
  return true
}

/** Takes the methods from the prototype of a generator function. */
export function releaseGenerators(owner: object): void {
  const { prototype } = owner as { prototype?: object }
  if (!prototype || !ours.delete(prototype)) return
  for (const step of STEPS) Reflect.deleteProperty(prototype, step)
}

function observe(prototype: object): boolean {
  if (ours.has(prototype)) return true
  if (!Object.isExtensible(prototype) || STEPS.some((step) => Object.hasOwn(prototype, step))) return false
  const native = (step: string): Step => Reflect.get(Object.getPrototypeOf(prototype) as object, step) as Step
  const methods: Record<(typeof STEPS)[number], Step> = {
    next(_value) {
      return take(this, native('next'), arguments)
    },
    return(_value) {
      return take(this, native('return'), arguments)
    },
    throw(_value) {
      return take(this, native('throw'), arguments)
    },
  }
  for (const step of STEPS) {
    Object.defineProperty(prototype, step, { value: methods[step], writable: true, enumerable: false, configurable: true })
  }
  ours.add(prototype)
  return true
}

function take(generator: unknown, step: Step, args: IArguments): unknown {
  const watched = lives.get(generator as object)
  if (!watched || watched[0]!.running) return Reflect.apply(step, generator, args)
  for (const life of watched) life.running = true
  let result: unknown
  callBegins(isAsync(generator), watched[0]!.clock)
  try {
    result = Reflect.apply(step, generator, args)
  } catch (error) {
    end(generator, watched, (listener) => listener.rejected(error))
    throw error
  } finally {
    callReturns()
    for (const life of watched) life.running = false
  }
  if (!isPromise(result)) ended(generator, watched, result)
  else {
    const { listener, clock } = watched[0]!
    const settled: PromiseListener = {
      startedAt: listener.startedAt,
      settledAt: undefined,
      asked: false,
      promise: undefined,
      fulfilled: (value) => ended(generator, watched, value, settled.settledAt),
      rejected: (reason) => end(generator, watched, (each) => each.rejected(reason), settled.settledAt),
      rejectedSomehow: () => end(generator, watched, (each) => each.rejectedSomehow(), settled.settledAt),
    }
    watchPromise(result, settled, clock)
  }
  return result
}

const isAsync = (generator: unknown): boolean => Symbol.asyncIterator in (generator as object)

function ended(generator: unknown, watched: readonly Life[], result: unknown, at?: number): void {
  const { done, value } = result as IteratorResult<unknown, unknown>
  if (done) end(generator, watched, (listener) => listener.fulfilled(value), at)
}

/** `at`: when, where that is not now. */
function end(generator: unknown, watched: readonly Life[], tell: (listener: PromiseListener) => void, at?: number): void {
  lives.delete(generator as object)
  for (const { listener } of watched) {
    listener.settledAt = at
    tell(listener)
  }
}
