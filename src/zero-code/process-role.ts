/**
 * What a process is that inherits `--import`: the service, or something that stands around it. A launcher would beat as a healthy instance
 * for ever while the service behind it is frozen, so whoever is not known to run the service's own code stays silent until it is.
 * Pure: process-facts.ts gathers what is decided on, service-signs.ts sees the signs that come later.
 */
import { basename } from 'node:path'

import type { Environment } from '../config/options.ts'
import { toServiceName } from '../config/service-name.ts'
import { isPackageManager, isPartOf, isInstalledFile, slashed } from './installed-code.ts'

/** The package that a script belongs to. */
export interface Owner {
  /** As package.json says it, with its scope. */
  readonly name: string
  /** Absolute, links followed. */
  readonly folder: string
  /** Whether `bin` of package.json names the script. */
  readonly isBin: boolean
}

export interface ProcessFacts {
  /** The script that Node was started with, links followed; `undefined`: none that is a file (`-e`, standard input). */
  readonly script: string | undefined
  readonly owner: Owner | undefined
  readonly cwd: string
  /** Whether the parent has a channel to it: `child_process.fork`, cluster, or `ipc` in stdio. */
  readonly hasChannel: boolean
  readonly isClusterWorker: boolean
  /** The script of the parent, if that is a service which is watched. */
  readonly parentScript: string | undefined
  /** Whether it is the script of a queue library's sandbox. */
  readonly isSandbox: boolean
  /** Whether it is the command line of otel-health. */
  readonly isOwn: boolean
  readonly env: Environment
}

/**
 * What makes a process the service although it was not known to be: a file of the project is run as the main one (`main`) or is loaded
 * (`code`), a queue library is loaded (`queues`), it listens on a port (`server`), or it has connections and started nobody else for half
 * a minute (`connections`); `work`: what health.config or a queue library names was done in it.
 */
export type Sign = 'main' | 'code' | 'queues' | 'server' | 'connections' | 'work'

export interface ProcessRole {
  readonly is: 'service' | 'launcher' | 'helper' | 'tool'
  /** What runs, as people call it. */
  readonly what: string
  /** Why, as the end of a sentence. */
  readonly because: string
  /** Empty for the service, and for what can never be it. */
  readonly until: readonly Sign[]
}

const NEVER: readonly Sign[] = []

export function processRole(facts: ProcessFacts): ProcessRole {
  const { script, owner, hasChannel, isClusterWorker, parentScript } = facts
  if (facts.isOwn) return { is: 'tool', what: 'otel-health', because: 'it is the command line of otel-health', until: NEVER }
  if (script === undefined) return { is: 'service', what: 'node', because: 'it runs a script that is no file', until: NEVER }
  const what = nameOfScript(script)
  if (facts.isSandbox)
    return { is: 'helper', what, because: 'a queue library runs processors in it, which its parent counts', until: NEVER }
  if (isPackageManager(script, owner?.name)) {
    return {
      is: 'launcher',
      what: owner?.name ?? what,
      because: 'it starts others and never runs a service in its own process',
      until: NEVER,
    }
  }
  if (isInstalled(facts)) return installedRole(facts, owner?.name ?? what)
  if (isClusterWorker) return { is: 'service', what, because: 'it is a cluster worker that runs a script of the project', until: NEVER }
  if (hasChannel && parentScript !== undefined && parentScript !== script) {
    const because = `${nameOfScript(parentScript)}, which is the service, forked it`
    return { is: 'helper', what, because, until: ['work', 'server'] }
  }
  return { is: 'service', what, because: 'its script is none of an installed package', until: NEVER }
}

/** A script of a package that somebody else wrote. */
function installedRole({ owner, hasChannel, isClusterWorker, parentScript, env }: ProcessFacts, what: string): ProcessRole {
  if (hasChannel && !isClusterWorker && parentScript !== undefined && !owner?.isBin) {
    const because = `${nameOfScript(parentScript)}, which is the service, has it as a helper of the package ${what}`
    return { is: 'helper', what, because, until: NEVER }
  }
  if (owner && isNamedInEnvironment(owner.name, env)) {
    return { is: 'service', what, because: 'the environment calls the service as its package is called', until: NEVER }
  }
  const because = `its script is one of the installed package ${what}`
  // Helpers load the project's code too, of jobs and tests: only what such a process runs as its main file makes it the service.
  if (hasChannel && !owner?.isBin) return { is: 'helper', what, because, until: ['main', 'server'] }
  return { is: 'launcher', what, because, until: ['main', 'code', 'queues', 'server', 'connections'] }
}

/** Whoever works in the folder of a package is at home there, wherever it lies. */
function isInstalled({ script, owner, cwd }: ProcessFacts): boolean {
  if (!isInstalledFile(script!)) return false
  const isAtHome = owner !== undefined && isInstalledFile(`${owner.folder}/`) && isPartOf(cwd, owner.folder)
  return !isAtHome
}

/** `npx my-service` with OTEL_SERVICE_NAME=my-service is no launcher. */
function isNamedInEnvironment(packageName: string, env: Environment): boolean {
  const named = env['HEALTH_SERVICE_NAME']?.trim() || env['OTEL_SERVICE_NAME']?.trim()
  return named !== undefined && named !== '' && toServiceName(named) === toServiceName(unscoped(packageName))
}

export function unscoped(packageName: string): string {
  return packageName.replace(/^@[^/]+\//, '')
}

function nameOfScript(script: string): string {
  return basename(slashed(script))
}

const SIGN_WORDS: Readonly<Record<Sign, string>> = {
  main: 'runs a file of the project',
  code: 'loads a file of the project',
  queues: 'loads a queue library',
  server: 'listens on a port',
  connections: 'has connections and starts nobody',
  work: 'does work that is watched',
}

/** One sentence, e.g. `pid 7 runs npm (launcher): silent, because …`. */
export function roleSentence(pid: number, { is, what, because, until }: ProcessRole): string {
  const who = `pid ${pid} runs ${what} (${is})`
  if (is === 'service') return `${who}: it reports, because ${because}`
  const signs = until.map((sign) => SIGN_WORDS[sign])
  const words = signs.length < 2 ? signs.join('') : `${signs.slice(0, -1).join(', ')} or ${signs.at(-1)}`
  return `${who}: silent${words === '' ? '' : ` until it ${words}`}, because ${because}`
}
