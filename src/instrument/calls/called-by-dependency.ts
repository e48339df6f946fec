/** Whether what is called just now is called by the service's own code, or by a package that it depends on. */

type AnyFunction = (...args: never[]) => unknown

const FRAME = /(?:\(|^\s*at (?:async )?)(?:file:\/\/)?([^()]+?):\d+:\d+\)?$/u
const DEPTH = 10

/**
 * Of the function that is called, which is of the package `name`: calls of it from within the package are those of whoever called that. Costs as
 * much as an error does; where nobody can tell, the service has called.
 */
export function isCalledByDependency(called: AnyFunction, name: string): boolean {
  const caller = callersOf(called).find((file) => !file.startsWith('node:') && !file.includes(`/node_modules/${name}/`))
  return caller?.includes('/node_modules/') === true
}

/** Files, the nearest first. */
function callersOf(called: AnyFunction): readonly string[] {
  const limit = Error.stackTraceLimit
  try {
    Error.stackTraceLimit = DEPTH
    const holder: { stack?: unknown } = {}
    Error.captureStackTrace(holder, called)
    // A service may have it be something else than a text.
    if (typeof holder.stack !== 'string') return []
    return holder.stack.split('\n').flatMap((line) => FRAME.exec(line)?.[1]?.replaceAll('\\', '/') ?? [])
  } catch {
    return []
  } finally {
    Error.stackTraceLimit = limit
  }
}
