/** Finds and loads health.config.{ts,js,json} and the service's package.json. Synchronous: `--import` must be done before the service runs. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, parse, resolve } from 'node:path'

import type { HealthConfig } from './health-config.ts'
import { checkHealthConfig } from './health-config.ts'
import type { KnownKind } from './kind-config.ts'

const NAMES = ['health.config.ts', 'health.config.js', 'health.config.json']

export interface LoadedConfig {
  /** Absolute; module paths in the configuration are relative to it. */
  readonly file: string
  readonly config: HealthConfig
}

/** The first that is found beside the script that was started, or in the working directory. Throws one sentence if it cannot be used. */
export function loadHealthConfig(script: string | undefined, cwd: string, kinds: readonly KnownKind[]): LoadedConfig | undefined {
  const folders = script ? [resolve(cwd, dirname(script)), cwd] : [cwd]
  const file = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path))
  if (file === undefined) return undefined
  return { file, config: checkHealthConfig(load(file), file, kinds) }
}

function load(file: string): unknown {
  try {
    const loaded: unknown = createRequire(file)(file)
    return (loaded as { default?: unknown } | null)?.default ?? loaded
  } catch (error) {
    throw new Error(`${file} could not be loaded: ${(error as Error | undefined)?.message ?? String(error)}`, { cause: error })
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
