/**
 * `node --import otel-health/register service.js`: a monitor set up from the environment and health.config, fed by what is
 * seen of the service, which is none the wiser. A mistake in the set-up stops the start with one sentence; after that
 * nothing here reaches the service. What only stands around a service, as npm and nodemon do, stays silent.
 */
import { dirname } from 'node:path'
import { isMainThread } from 'node:worker_threads'

import { DiagLogLevel } from '@opentelemetry/api'

import { systemClock } from './clock.ts'
import type { Environment } from './config/options.ts'
import { givenName, NAME_IT, parseResourceAttributes, UNKNOWN_SERVICE } from './config/options.ts'
import { maskedText } from './credentials.ts'
import { diag, setFallbackLogger } from './diag.ts'
import type { LoadedConfig } from './config/health-config-file.ts'
import { loadHealthConfig } from './config/health-config-file.ts'
import { takeApiMetrics } from './export/api-metrics.ts'
import type { ModuleHook } from './instrument/hook/module-hook.ts'
import { hookModules } from './instrument/hook/module-hook.ts'
import { Hold } from './instrument/calls/hold.ts'
import { isSandbox } from './instrument/queues/queue-libraries.ts'
import type { TakenApi } from './service/monitor-options.ts'
import { kindNamed } from './kinds/define-kind.ts'
import { KINDS } from './kinds/index.ts'
import type { Monitored } from './kinds/kind.ts'
import { obey } from './obey/obey.ts'
import { onProcessEnd } from './service/process-end.ts'
import { linkToSupervisor } from './supervised/link.ts'
import { WorkInHand } from './record/work-in-hand.ts'
import { onFirstWork } from './zero-code/first-work.ts'
import { processFacts, SERVICE_MARK, serviceMark, thisStart } from './zero-code/process-facts.ts'
import { processRole, roleSentence } from './zero-code/process-role.ts'
import { servicePlace, type ServicePlace } from './zero-code/service-place.ts'
import { isSure, watchSigns } from './zero-code/service-signs.ts'
import { watchService } from './zero-code/watch-service.ts'
import { serviceRedis } from './zero-code/service-redis.ts'
import { tellInHand } from './zero-code/thread-in-hand.ts'
import { isSilentThread, listeningScript, mainThread, receiveFromThreads, silenceThreads } from './zero-code/thread-relay.ts'

/** Two copies of the package, or --require next to --import, are one registration. */
const REGISTERED = Symbol.for('otel-health.registered')

/** Milliseconds after which a launcher that has loaded code of the project is the service, whatever it does: tools are done by then. */
const TOOLS_ARE_DONE_MS = 10_000

const SUPERVISOR_GONE =
  'otel-health: the supervisor that started this process is gone. The service goes on, but nobody starts it again when it ends: start it anew by otel-health run.'

/** Undoes what was done, in this order. */
const ends: (() => void)[] = []

function register(): void {
  if (Object.hasOwn(globalThis, REGISTERED)) return
  Object.defineProperty(globalThis, REGISTERED, { value: true })
  if (isMainThread) registerProcess()
  else registerThread()
}

/** A thread tells the main one what it sees; one of a process that has nothing of us is a service of its own. */
function registerThread(): void {
  if (isSandbox(process.argv[1]) || isSilentThread()) return
  logToStderr()
  const script = listeningScript()
  if (script === undefined) return watchFrom(servicePlace(process.argv[1], processFacts(thisStart())), false)()
  const loaded = loadHealthConfig(script, process.cwd(), KINDS)
  const { recorder, news } = mainThread()
  const inHand = new WorkInHand(systemClock)
  // Nobody holds what works in a thread.
  const hold = new Hold(systemClock)
  const watch = watchService({ ...watched(loaded, hookModules()), recorder, inHand, hold, mainThread: news })
  ends.push(tellInHand(inHand, news, systemClock))
  ends.push(watch.stop)
}

function registerProcess(): void {
  const facts = processFacts(thisStart())
  const role = processRole(facts)
  if (role.is === 'tool') return
  logToStderr()
  diag.debug(`otel-health: ${roleSentence(process.pid, role)}`)
  const { until } = role
  if (role.is === 'service') return watchFrom(servicePlace(facts.script ?? process.argv[1], facts), false)()
  // Its own code, of which only the work is not known yet, is seen from the start.
  let begin = until.includes('work') ? watchFrom(servicePlace(facts.script, facts), true) : silenceThreads()
  if (until.length === 0) return
  ends.push(
    watchSigns(until, facts, systemClock, (sign, file) => {
      diag.debug(`otel-health: pid ${process.pid} runs ${role.what}: it is the service, by the sign "${sign}"`)
      const start = (): void => {
        begin ??= watchFrom(servicePlace(file, facts), !isSure(sign))
        if (isSure(sign)) begin()
        else ends.push(systemClock.after(TOOLS_ARE_DONE_MS, begin))
      }
      if (sign === 'main') orStop(start)
      else withoutHarm(start)
    }),
  )
}

/** What nothing is wrong with but our set-up goes on: it runs already, and may be a tool. */
function withoutHarm(start: () => void): void {
  try {
    start()
  } catch (error) {
    diag.error(`otel-health: this process is not watched: ${maskedText((error as Error).message)}`)
  }
}

/** Sees a process that is the service or may be. It reports once what is returned was called; if `byWork`, also with the first work. */
function watchFrom(place: ServicePlace, byWork: boolean): () => void {
  const loaded = loadHealthConfig(place.script, process.cwd(), KINDS)
  const hook = hookModules()
  const { monitor, recorder: told } = createMonitor(place, loaded, hook)
  const hold = new Hold(systemClock)
  const later: (() => void)[] = []
  let hasBegun = false
  const begin = (): void => {
    if (hasBegun) return
    hasBegun = true
    if (isMainThread && place.script !== undefined) process.env[SERVICE_MARK] = serviceMark(place.script)
    if (givenName({ env: process.env, config: loaded?.config ?? {}, packageName: place.name }) === undefined) {
      diag.warn(`otel-health: nothing names this service, so it is ${UNKNOWN_SERVICE}, one with all others without a name. ${NAME_IT}`)
    }
    const supervised = isMainThread ? linkToSupervisor(process.env, () => diag.warn(SUPERVISOR_GONE)) : undefined
    onProcessEnd(monitor, (signal) => supervised?.signalled(signal))
    ends.push(
      obey({
        ...{ controlled: monitor.controlled, control: loaded?.config.control, waiting: hold, pausable: watch.pausable, clock: systemClock },
        supervised,
        age: () => process.uptime() * 1000,
        end: () => process.kill(process.pid, 'SIGTERM'),
      }),
    )
    for (const each of later) each()
    // The service's own modules are loaded first: what starting takes would be time to its first request.
    setImmediate(() => void monitor.start())
  }
  const recorder = byWork ? onFirstWork(told, begin) : told
  const watch = watchService({
    ...watched(loaded, hook),
    recorder,
    inHand: monitor.controlled.inHand,
    hold,
    whenKnown: (then) => later.push(then),
  })
  ends.push(watch.stop, () => hasBegun && void monitor.stop())
  if (isMainThread) ends.push(receiveFromThreads(recorder, watch.news, place.script))
  return begin
}

/** Restores every function, ends every subscription and says that the service is no longer watched. */
export function disable(): void {
  for (const each of ends.splice(0)) each()
}

function watched(loaded: LoadedConfig | undefined, hook: ModuleHook) {
  const config = loaded?.config ?? {}
  const redis = serviceRedis(config.queuesRedis, process.env)
  return {
    hook,
    config,
    kind: kindNamed(config.profile).config,
    folder: loaded ? dirname(loaded.file) : process.cwd(),
    redis: redis && { ...redis, ...(config.queuesRedisCluster && { clusterMode: true }) },
    clock: systemClock,
  }
}

/** One for each process; its threads tell it what they see. */
function createMonitor({ name }: ServicePlace, loaded: LoadedConfig | undefined, hook: ModuleHook): Monitored {
  const instance = childInstance(process.env)
  const options = {
    ...(loaded && { config: loaded.config }),
    ...(name !== undefined && { packageName: name }),
    ...(instance !== undefined && { instance }),
    takeApi: (parts: TakenApi) => takeApiMetrics({ ...parts, hook }),
  }
  return kindNamed(loaded?.config.profile).monitor(options)
}

/** Forked processes inherit the environment: an instance id given there would be that of all of them. */
function childInstance(env: Environment): string | undefined {
  const id = parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])['service.instance.id']
  if (!id || !process.connected) return undefined
  const worker = process.getBuiltinModule('node:cluster').worker
  return `${id}-${worker ? worker.id : process.pid}`
}

/** Warnings and errors unless OTEL_LOG_LEVEL says otherwise; all to stderr, for stdout is the service's. */
function logToStderr(): void {
  const level = DiagLogLevel[(process.env['OTEL_LOG_LEVEL'] ?? 'WARN').toUpperCase() as keyof typeof DiagLogLevel] ?? DiagLogLevel.WARN
  const toStderr = (message: string, ...details: unknown[]): void => console.error(message, ...details)
  setFallbackLogger({ error: toStderr, warn: toStderr, info: toStderr, debug: toStderr }, level)
}

/** A mistake in the set-up stops the start: the service would otherwise run without being watched, and nobody would know. */
function orStop(start: () => void): void {
  try {
    start()
  } catch (error) {
    console.error(`otel-health: ${maskedText((error as Error).message)}`)
    process.exit(1)
  }
}

orStop(register)
