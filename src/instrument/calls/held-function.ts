/** Wraps functions that a library keeps in a property of its objects, such as the handler that a service has given it. */
import { replaceMethod } from './replace-method.ts'

/**
 * What wraps the function in that property of an object, once for each object: it may be given the same one before every call. It stays
 * wrapped; `around` is as `replaceMethod` takes it.
 */
export function holdAround(property: string, around: Parameters<typeof replaceMethod>[2]): (holder: unknown) => void {
  const done = new WeakSet<object>()
  return (holder) => {
    if (typeof holder !== 'object' || holder === null || done.has(holder)) return
    done.add(holder)
    replaceMethod(holder, property, around)
  }
}
