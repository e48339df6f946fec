/**
 * The modules of a package that are what `import` or `require` of its name gives: a package may have one for each, and several
 * copies of it may be installed.
 */
import { readFileSync, realpathSync } from 'node:fs'
// By a name of its own findPackageJSON would keep Node 20 from loading this and saying that it is too old.
import module from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

interface PackageJson {
  readonly main?: unknown
  readonly module?: unknown
  readonly exports?: unknown
}

/** Whether a file: URL is an entry of the package `bullmq`, `@scope/name` or `name/subpath`, as services in `folder` load it. */
export function packageEntries(specifier: string, folder: string): (url: string) => boolean {
  const [, name = specifier, subpath] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.+))?$/u.exec(specifier) ?? []
  const inModules = `/node_modules/${name}/`
  const linked = linkedRoot(name, folder)
  const known = new Map<string, ReadonlySet<string>>()
  return (url) => {
    const at = url.lastIndexOf(inModules)
    const root = at >= 0 ? url.slice(0, at + inModules.length) : linked !== undefined && url.startsWith(linked) ? linked : undefined
    if (root === undefined) return false
    const entries = known.get(root) ?? entriesOf(root, subpath)
    known.set(root, entries)
    return entries.has(url)
  }
}

/** Where a package of the same workspace is, which is loaded from its real path; ends in `/`. */
function linkedRoot(name: string, folder: string): string | undefined {
  try {
    const found = module.findPackageJSON(name, pathToFileURL(join(folder, 'package.json')))
    return found?.endsWith('package.json') !== true ? undefined : new URL('.', pathToFileURL(realpathSync(found))).href
  } catch {
    return undefined
  }
}

function entriesOf(root: string, subpath: string | undefined): ReadonlySet<string> {
  let json: PackageJson
  try {
    json = JSON.parse(readFileSync(fileURLToPath(new URL('package.json', root)), 'utf8')) as PackageJson
  } catch {
    return new Set()
  }
  const paths = subpath === undefined ? [...exported(json.exports, '.'), json.main, json.module, 'index'] : subpaths(json, subpath)
  const files = paths.filter((path) => typeof path === 'string').flatMap((path) => [path, `${path}.js`, `${path}.cjs`, `${path}/index.js`])
  return new Set(files.map((file) => new URL(file, root).href))
}

function subpaths(json: PackageJson, subpath: string): readonly unknown[] {
  return json.exports === undefined ? [subpath] : exported(json.exports, `./${subpath}`)
}

/** All that `exports` names for the key, whatever the condition. */
function exported(exports: unknown, key: string): readonly unknown[] {
  if (typeof exports !== 'object' || exports === null) return key === '.' ? [exports] : []
  const hasSubpaths = Object.keys(exports).some((each) => each.startsWith('.'))
  return strings(hasSubpaths ? (exports as Record<string, unknown>)[key] : key === '.' ? exports : undefined)
}

function strings(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []
}
