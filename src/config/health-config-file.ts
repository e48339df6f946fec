/**
 * Finds and reads health.config.{ts,mts,cts,js,mjs,cjs,json} and the service's package.json. Synchronous: `--import` must be done before
 * the service runs.
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, parse, resolve } from 'node:path'

import type { HealthConfig } from './health-config.ts'
import { checkHealthConfig } from './health-config.ts'
import type { KnownKind } from './kind-config.ts'
import { loadConfigModule } from './load-config-module.ts'

/** The one that is kept of two comes first. */
const NAMES = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json'].map((form) => `health.config.${form}`)

export interface LoadedConfig {
  /** Absolute; module paths in the configuration are relative to it. */
  readonly file: string
  readonly config: HealthConfig
}

/**
 * That of the folder of the script that was started, else of the folders above it up to the next package.json, else of the working
 * directory. Throws one sentence if it cannot be used, or if a folder has two.
 */
export function loadHealthConfig(script: string | undefined, cwd: string, kinds: readonly KnownKind[]): LoadedConfig | undefined {
  for (const folder of [...(script ? foldersOfPackage(resolve(cwd, dirname(script))) : []), cwd]) {
    const file = healthConfigIn(folder)
    if (file !== undefined) return readHealthConfig(file, kinds)
  }
  return undefined
}

/** The path of the only one in `folder`. Throws one sentence that names both if there are two. */
export function healthConfigIn(folder: string): string | undefined {
  const [file, other] = NAMES.map((name) => join(folder, name)).filter((path) => existsSync(path))
  if (file === undefined || other === undefined) return file
  const [kept, removed] = [basename(file), basename(other)]
  throw new Error(
    `${folder} has both ${kept} and ${removed}, expected one of them: remove ${removed}, or move what it says into ${kept} first.`,
  )
}

/** From `folder` up to the one with a package.json; `folder` alone where there is none above. */
function foldersOfPackage(folder: string): readonly string[] {
  const folders: string[] = []
  for (let each = folder; ; each = dirname(each)) {
    folders.push(each)
    if (existsSync(join(each, 'package.json'))) return folders
    if (each === parse(each).root) return [folder]
  }
}

/** `file`: an absolute path. Throws one sentence if it cannot be used. */
export function readHealthConfig(file: string, kinds: readonly KnownKind[]): LoadedConfig {
  return { file, config: checkHealthConfig(file.endsWith('.json') ? readJson(file) : loadConfigModule(file), file, kinds) }
}

/** What is wrong is told by its place, for the text may hold a secret. */
function readJson(file: string): unknown {
  const text = readText(file)
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = /position (\d+)/.exec((error as Error).message)?.[1]
    const lines = text.slice(0, position === undefined ? text.length : Number(position)).split('\n')
    throw new Error(`${file} could not be loaded: it is no JSON from line ${lines.length}, column ${lines.at(-1)!.length + 1} on.`, {
      cause: error,
    })
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '')
  } catch (error) {
    throw new Error(`${file} could not be loaded: ${(error as NodeJS.ErrnoException).code ?? 'it cannot be read'}.`, { cause: error })
  }
}

/** `name` of the nearest package.json above the script, without its scope. */
export function packageName(script: string | undefined, cwd: string): string | undefined {
  for (let folder = script ? resolve(cwd, dirname(script)) : cwd; ; folder = dirname(folder)) {
    const name = readName(join(folder, 'package.json'))
    if (name !== undefined) return name.replace(/^@[^/]+\//, '')
    if (folder === parse(folder).root) return undefined
  }
}

function readName(file: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }
    return typeof name === 'string' && name !== '' ? name : undefined
  } catch {
    return undefined
  }
}
