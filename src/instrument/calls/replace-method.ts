/** Puts a method of ours in the place of a library's own, so that nobody who looks at it can tell. */
import type { Cancel } from '../../types.ts'

type Method = (this: unknown, ...args: unknown[]) => unknown

/**
 * `around` is given `this`, the arguments and the original, and returns what the caller gets. A prototype without such a method of its
 * own is left alone.
 */
export function replaceMethod(
  prototype: object,
  name: string,
  around: (self: unknown, args: unknown[], original: Method) => unknown,
): Cancel {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  if (typeof descriptor?.value !== 'function' || !descriptor.configurable) return () => {}
  const original = descriptor.value as Method
  // A method, like the original: it has no `prototype` and cannot be called with `new`.
  const replacement = {
    method(this: unknown, ...args: unknown[]): unknown {
      return around(this, args, original)
    },
  }['method']
  Object.defineProperties(replacement, Object.getOwnPropertyDescriptors(original))
  Object.defineProperty(prototype, name, { ...descriptor, value: replacement })
  return () => {
    // Somebody who wrapped it after us keeps their wrapper.
    if (Object.getOwnPropertyDescriptor(prototype, name)?.value === replacement) Object.defineProperty(prototype, name, descriptor)
  }
}

/** Calls `notice` first, whatever the method then does. `notice` must not throw. */
export function noticeCalls(prototype: object, name: string, notice: (self: unknown, args: readonly unknown[]) => void): Cancel {
  return replaceMethod(prototype, name, (self, args, original) => {
    notice(self, args)
    return original.apply(self, args)
  })
}

/** The prototype of what a module declares as a class. */
export function prototypeOf(constructor: unknown): object | undefined {
  const prototype: unknown = typeof constructor === 'function' ? constructor.prototype : undefined
  return typeof prototype === 'object' && prototype !== null ? prototype : undefined
}

export function cancelAll(cancels: readonly Cancel[]): Cancel {
  return () => {
    for (const cancel of cancels.toReversed()) cancel()
  }
}
