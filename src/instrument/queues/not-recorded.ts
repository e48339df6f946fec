/** A version of a library that is not as we know it: it is left alone, and that is said. */
import { readFileSync } from 'node:fs'
import module from 'node:module'

import { diag } from '../../diag.ts'

/**
 * Says once for the module that is loaded that its version of the library is not recorded. `lacks`: what was looked for in vain, as
 * `Queue.setHandler`.
 */
export function sayNotRecorded(library: string, url: string, lacks: readonly string[]): void {
  diag.warn(`otel-health: ${library} ${versionAt(url)} is not recorded: it has no ${lacks.join(' and no ')} as earlier versions had.`)
}

/** The version of the package that a module belongs to. */
function versionAt(url: string): string {
  try {
    const { version } = JSON.parse(readFileSync(module.findPackageJSON(url)!, 'utf8')) as { version?: unknown }
    return String(version)
  } catch {
    return 'of a version that cannot be told'
  }
}
