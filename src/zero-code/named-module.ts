/** A module as health.config names it. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A file: URL for a path, which is relative to `folder`, that of health.config; the name of a package as it is. */
export function namedModule(module: string, folder: string): string {
  return /^\.{0,2}\//.test(module) ? pathToFileURL(resolve(folder, module)).href : module
}
