/** What init reads of a project: its package.json, its own sources, and the files beside them that start it. Reads only. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, parse, resolve } from 'node:path'

export interface SourceFile {
  /** Relative to the project, with slashes. */
  readonly path: string
  readonly text: string
}

export interface ProjectFiles {
  /** Absolute: where its package.json is. */
  readonly folder: string
  /** The text of package.json. */
  readonly packageJson: string
  /** Of the project's own code, the shortest path first. */
  readonly sources: readonly SourceFile[]
  /** Those of `BESIDE` that are there, with their texts. */
  readonly beside: readonly SourceFile[]
  /** Names of the files in its folder, and of those above it that say by what packages are installed. */
  readonly names: readonly string[]
}

/** Neither the service's own code, nor what it is made of. */
const NOT_SOURCES = new Set([
  'node_modules',
  'dist',
  'build',
  'out',
  'coverage',
  'test',
  'tests',
  '__tests__',
  'spec',
  'e2e',
  'examples',
  'migrations',
])
const SOURCE = /(?<!\.d|\.test|\.spec|\.config)\.[cm]?[jt]sx?$/
/** What starts a service, or says how it is compiled. */
const BESIDE =
  /^(?:Dockerfile(?:\..+)?|.+\.[Dd]ockerfile|(?:docker-)?compose(?:\..+)?\.ya?ml|Procfile|ecosystem(?:\..+)?\.(?:c?js|json)|pm2\.(?:config\.c?js|json)|process\.(?:yml|json)|nodemon\.json|nest-cli\.json|tsconfig(?:\.build)?\.json|pnpm-workspace\.yaml|.+\.service)$/
const LOCKS = /^(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?)$/

const MOST_FILES = 500
const LARGEST = 300_000
const DEEPEST = 8

/** `undefined`: no package.json is in `cwd` or above. */
export function readProjectFiles(cwd: string): ProjectFiles | undefined {
  const folder = above(resolve(cwd)).find((each) => existsSync(join(each, 'package.json')))
  if (folder === undefined) return undefined
  const names = namesIn(folder)
  const locks = above(folder).flatMap((each) => namesIn(each).filter((name) => LOCKS.test(name)))
  return {
    folder,
    packageJson: textOf(join(folder, 'package.json')) ?? '',
    sources: sourcesIn(folder),
    beside: names.filter((name) => BESIDE.test(name)).flatMap((path) => fileOf(folder, path)),
    names: [...names, ...locks],
  }
}

function above(folder: string): readonly string[] {
  const { root } = parse(folder)
  return folder === root ? [root] : [folder, ...above(dirname(folder))]
}

/** Level by level, so that of a project that is too large what is near its folder is read. */
function sourcesIn(folder: string): readonly SourceFile[] {
  const found: SourceFile[] = []
  let level = ['']
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
    const next: string[] = []
    for (const at of level) {
      for (const name of namesIn(join(folder, at))) {
        const path = at === '' ? name : `${at}/${name}`
        if (SOURCE.test(name) && found.length < MOST_FILES) found.push(...fileOf(folder, path))
        else if (!name.startsWith('.') && !NOT_SOURCES.has(name) && isFolder(join(folder, path))) next.push(path)
      }
    }
    level = next
  }
  return found
}

function fileOf(folder: string, path: string): readonly SourceFile[] {
  const text = textOf(join(folder, path))
  return text === undefined ? [] : [{ path, text }]
}

function textOf(file: string): string | undefined {
  try {
    const { size } = statSync(file)
    return size > LARGEST ? undefined : readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Sorted; none of a folder that cannot be read. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted()
  } catch {
    return []
  }
}

/** A package of a monorepo within is none of this one. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory() && !existsSync(join(path, 'package.json'))
  } catch {
    return false
  }
}
