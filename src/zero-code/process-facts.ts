/** What can be known of a process when it starts; of another one as far as it can be read. */
import { readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, parse, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Environment } from '../config/options.ts'
import { isSandbox } from '../instrument/queues/queue-libraries.ts'
import { OWN_FOLDER } from '../version.ts'
import type { Owner, ProcessFacts } from './process-role.ts'

/** The variable by which what a service starts knows its parent: `<pid> <script>`. Whoever inherits it from further up is not meant. */
export const SERVICE_MARK = '_OTEL_HEALTH_SERVICE'

/** As Node and the operating system say it. */
export interface ProcessStart {
  /** `process.argv[1]`. */
  readonly script: string | undefined
  readonly cwd: string
  readonly parentPid: number
  readonly hasChannel: boolean
  readonly isClusterWorker: boolean
  readonly env: Environment
}

/** Of the command line: as it is written, and as it is bundled. */
const OWN_SCRIPTS: readonly string[] = ['cli/main.ts', 'supervise/main.ts', 'cli/main.js', 'bin.cjs'].map((file) =>
  fileURLToPath(new URL(file, OWN_FOLDER)),
)

/** Of this process. Reads the script's link and the package.json above it, which a service reads anyway. */
export function thisStart(): ProcessStart {
  return {
    script: process.argv[1],
    cwd: process.cwd(),
    parentPid: process.ppid,
    hasChannel: process.connected,
    isClusterWorker: process.getBuiltinModule('node:cluster').isWorker,
    env: process.env,
  }
}

export function processFacts({ script: given, cwd, parentPid, ...rest }: ProcessStart): ProcessFacts {
  const script = given === undefined ? undefined : realScript(resolve(cwd, given))
  const [markedPid, markedScript] = splitMark(rest.env[SERVICE_MARK])
  return {
    ...rest,
    cwd: realFolder(cwd),
    script,
    owner: script === undefined ? undefined : ownerOf(script),
    parentScript: markedPid === String(parentPid) ? markedScript : undefined,
    isSandbox: isSandbox(script),
    isOwn: script !== undefined && OWN_SCRIPTS.includes(script),
  }
}

export function serviceMark(script: string): string {
  return `${process.pid} ${script}`
}

function splitMark(mark = ''): readonly [pid: string, script: string] {
  const space = mark.indexOf(' ')
  return [mark.slice(0, space), mark.slice(space + 1)]
}

/** Links followed; the file that Node loads for `node dist/main`. `undefined`: there is none. */
export function realScript(path: string): string | undefined {
  try {
    // A folder is loaded by its index or its package.json, which require knows.
    return realpathSync(createRequire(import.meta.url).resolve(path))
  } catch {
    return undefined
  }
}

function realFolder(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** The nearest package above that has a name; those in `dist/esm` and the like have none. */
export function ownerOf(file: string): Owner | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = readPackage(folder)
    if (found) return { name: found.name, folder, isBin: found.bins.some((bin) => realScript(join(folder, bin)) === file) }
    if (folder === parse(folder).root) return undefined
  }
}

/** The folder of the package that `cwd` is in; `cwd` itself where it is in none. */
export function projectFolder(cwd: string): string {
  return ownerOf(join(cwd, 'package.json'))?.folder ?? cwd
}

interface PackageOfScript {
  readonly name: string
  /** Relative paths. */
  readonly bins: readonly string[]
}

function readPackage(folder: string): PackageOfScript | undefined {
  try {
    const { name, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Readonly<Record<string, unknown>>
    if (typeof name !== 'string' || name === '') return undefined
    const bins = typeof bin === 'string' ? [bin] : Object.values(typeof bin === 'object' && bin !== null ? bin : {})
    return { name, bins: bins.filter((each) => typeof each === 'string') }
  } catch {
    return undefined
  }
}
