/**
 * Before Node 22.22.3, 24.11.1 and 25.1 the mere presence of a synchronous load hook changes CommonJS modules that are
 * imported, an entry point after `--import` among them: their `require` has no `cache` and can't load ES modules. Where the
 * entry point is CommonJS that would break services, so they do without; what they `require` is seen nevertheless. Beside
 * asynchronous hooks, which leave the text of CommonJS to the loader, the hook finds none there, which is refused.
 */
import { readFileSync } from 'node:fs'
import type { LoadHookContext, LoadHookSync } from 'node:module'
// By a name of its own findPackageJSON would keep Node 20 from loading this and saying that it is too old.
import module, { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

import { isEsModuleText } from './es-module-syntax.ts'

/** `version`: `process.versions.node`. */
export function hasLoadHookQuirk(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const [goodMinor, goodPatch] = { 22: [22, 3], 24: [11, 1], 25: [1, 0] }[major] ?? (major >= 26 ? [0, 0] : [Infinity, 0])
  return minor < goodMinor! || (minor === goodMinor && patch < goodPatch!)
}

type Loaded = ReturnType<Parameters<LoadHookSync>[2]>

/** What the next hook gives; where that is refused for want of a text, the text of the file. */
export function loadNext(url: string, context: LoadHookContext, nextLoad: Parameters<LoadHookSync>[2]): Loaded {
  try {
    return nextLoad(url, context)
  } catch (error) {
    const isRefused = (error as { code?: unknown } | undefined)?.code === 'ERR_INVALID_RETURN_PROPERTY_VALUE'
    if (!isRefused || !url.startsWith('file:') || (context.format ?? 'commonjs') !== 'commonjs') throw error
    return { format: 'commonjs', source: readFileSync(new URL(url), 'utf8') }
  }
}

/** `entry`: `process.argv[1]`; a file that is not found is not. */
export function isCommonJsEntry(entry: string | undefined): boolean {
  if (entry === undefined) return false
  try {
    const file = createRequire(import.meta.url).resolve(entry)
    if (/\.[cm][jt]s$/u.test(file)) return /\.c[jt]s$/u.test(file)
    const packageFile = module.findPackageJSON(pathToFileURL(file))
    // Where there is none, Node gives another path.
    const hasPackage = packageFile?.endsWith('package.json') === true
    const { type } = (hasPackage ? JSON.parse(readFileSync(packageFile, 'utf8')) : {}) as { type?: unknown }
    return type === 'module' ? false : type === 'commonjs' || !isEsModuleText(readFileSync(file, 'utf8'))
  } catch {
    return false
  }
}
