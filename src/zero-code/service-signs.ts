/**
 * Sees the signs that a process is the service after all: a launcher that loads it in its own process, as ts-node, PM2 and `next start` do,
 * is known by the first file of the project that it loads, before that is run. Only processes that are silent pay for it.
 */
import { channel } from 'node:diagnostics_channel'
// By a name of its own registerHooks would keep Node 20 from loading this and saying that it is too old.
import module from 'node:module'
import type { Server } from 'node:net'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import type { Cancel, Clock } from '../types.ts'
import { isInstalledFile, isPackageManager, isPartOf, isQueueLibrary, isServiceCode } from './installed-code.ts'
import { ownerOf, projectFolder, realScript } from './process-facts.ts'
import type { ProcessFacts, Sign } from './process-role.ts'

/** Milliseconds that a process must have connections, and have started nobody, to be known by them: tools are done by then. */
const CONNECTED_MS = 30_000

const MODULE_SIGNS: readonly Sign[] = ['main', 'code', 'queues']

/** `script`: the file by which the service is known, if there is one. */
export type OnSign = (sign: Sign, script?: string) => void

/** Tells of each sign that is waited for once, until a sure one was told. What `onSign` throws keeps a file from being loaded. */
export function watchSigns(until: readonly Sign[], facts: ProcessFacts, clock: Clock, onSign: OnSign): Cancel {
  const waited = new Set(until)
  const cancels: Cancel[] = []
  const cancel = (): void => {
    waited.clear()
    for (const each of cancels.splice(0)) each()
  }
  const tell: OnSign = (sign, script) => {
    if (!waited.delete(sign)) return
    if (isSure(sign)) {
      waited.clear()
      // Not while a hook of it is running.
      setImmediate(cancel)
    }
    onSign(sign, script)
  }
  if (until.some((sign) => MODULE_SIGNS.includes(sign))) cancels.push(watchModules(facts, tell))
  if (until.includes('server')) cancels.push(watchServers(() => tell('server')))
  if (until.includes('connections')) cancels.push(watchConnections(clock, () => tell('connections')))
  return cancel
}

/** Tools load code of the project too, and files of queue libraries. */
export function isSure(sign: Sign): boolean {
  return sign !== 'code' && sign !== 'queues'
}

function watchModules(facts: ProcessFacts, tell: OnSign): Cancel {
  const project = projectFolder(facts.cwd)
  const entry = pathToFileURL(facts.script!).href
  // What --require and --import load belongs to nobody's service, and comes before the script.
  let hasBegun = false
  const look = (url: string, parentUrl: string | undefined): void => {
    if (!url.startsWith('file:')) return
    if (!hasBegun) return void (hasBegun = bare(url) === entry)
    const file = fileURLToPath(bare(url))
    if (isInstalledFile(file)) {
      if (isQueueLibrary(file)) tell('queues', ownFile(facts, parentUrl))
      return
    }
    if (isMainFile(file, parentUrl)) {
      if (!isPackageManager(file, ownerOf(file)?.name)) tell('main', file)
    } else if (isServiceCode(file) && isPartOf(file, project) && parentUrl?.endsWith('/') !== true) tell('code', file)
  }
  // Looking resolves paths as require does, and what a sign starts loads modules: neither is the service's.
  let isLooking = false
  const hooks = module.registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context)
      if (isLooking) return resolved
      isLooking = true
      try {
        look(resolved.url, context.parentURL)
      } finally {
        isLooking = false
      }
      return resolved
    },
  })
  return () => hooks.deregister()
}

/** Of an installed service, which has its work in its own package: the file that loads a queue library. */
function ownFile({ owner }: ProcessFacts, parentUrl: string | undefined): string | undefined {
  if (!owner || parentUrl?.startsWith('file:') !== true) return undefined
  const file = fileURLToPath(bare(parentUrl))
  return isPartOf(file, owner.folder) && !isQueueLibrary(file) ? file : undefined
}

/** Whether what is loaded is the main module to Node, to `process.argv` as the launcher has set it, or to PM2. */
function isMainFile(file: string, parentUrl: string | undefined): boolean {
  if (parentUrl === undefined) return true
  return [process.argv[1], process.env['pm_exec_path']].some((path) => path !== undefined && realScript(resolve(path)) === file)
}

function bare(url: string): string {
  return url.split(/[?#]/, 1)[0]!
}

/** A server on a port: a pipe, or a free port of this machine that nobody was told, is how tools speak with each other. */
function watchServers(tell: () => void): Cancel {
  const unasked = new WeakSet<object>()
  const onStart = (message: unknown): void => {
    const { server, options } = message as { server: object; options?: { port?: unknown } }
    if (!Number(options?.port)) unasked.add(server)
  }
  const onEnd = (message: unknown): void => {
    const { server } = message as { server: Server }
    const address = server.address()
    if (address === null || typeof address === 'string') return
    if (unasked.has(server) && /^(?:127\.|::1$)/.test(address.address)) return
    tell()
  }
  return subscribed([
    ['tracing:net.server.listen:asyncStart', onStart],
    ['tracing:net.server.listen:asyncEnd', onEnd],
  ])
}

function watchConnections(clock: Clock, tell: () => void): Cancel {
  let [hasConnections, hasChildren] = [false, false]
  const stop = subscribed([
    ['net.client.socket', () => void (hasConnections = true)],
    ['child_process', () => void (hasChildren = true)],
  ])
  const cancel = clock.every(CONNECTED_MS, () => {
    if (hasConnections && !hasChildren) tell()
  })
  return () => {
    stop()
    cancel()
  }
}

function subscribed(listeners: readonly (readonly [name: string, listener: (message: unknown) => void])[]): Cancel {
  for (const [name, listener] of listeners) channel(name).subscribe(listener)
  return () => {
    for (const [name, listener] of listeners) channel(name).unsubscribe(listener)
  }
}
