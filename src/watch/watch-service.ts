/** A service watched and recorded without its knowledge: what health.config names of it, and what every service has. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { diag } from '../diag.ts'
import { callListener } from './call-listener.ts'
import { codeOf } from './call-reading.ts'
import type { HealthConfig } from '../config/health-config.ts'
import type { MethodTarget } from '../config/targets.ts'
import { watchBullmqWorkers } from '../instrument/bullmq-worker.ts'
import { watchDependencies } from '../instrument/dependencies.ts'
import type { HttpRequest } from '../instrument/http-exchange.ts'
import { watchHttpClient } from '../instrument/http-client.ts'
import type { ModuleHook } from '../instrument/module-hook.ts'
import { hookModules } from '../instrument/module-hook.ts'
import { watchChannel } from '../instrument/tracing-channel.ts'
import { upstreamOf } from '../instrument/upstream-hosts.ts'
import { watchMethod } from '../instrument/watch-methods.ts'
import { isOwnRequest } from '../own-requests.ts'
import type { RedisTarget } from '../publish/redis-client.ts'
import { QueueWatcher } from './queue-watcher.ts'
import type { ServiceRecorder } from './service-recorder.ts'
import type { Cancel, Clock } from '../types.ts'

/** Milliseconds after the start at which a method that was never loaded is spoken of. */
const UNMATCHED_AFTER_MS = 10_000

export interface ServiceWatchOptions {
  readonly recorder: ServiceRecorder
  readonly config: HealthConfig
  /** The folder of health.config; the modules it names are relative to it. */
  readonly folder: string
  /** Where the configured queues are. */
  readonly redis: RedisTarget
  readonly clock: Clock
  /** In a worker thread: tells the main thread, which reads the queues and speaks of what is missing, what was loaded here. */
  readonly tellLoaded?: (modules: readonly string[]) => void
  /** In the main thread: whether a worker thread has loaded the module. */
  readonly isLoadedElsewhere?: (module: string) => boolean
}

/** Modules loaded before this are not watched. Returns what ends it all and restores every method. */
export function watchService(options: ServiceWatchOptions): Cancel {
  const { config, recorder, clock, redis, tellLoaded } = options
  const hook = hookModules()
  const queues = new QueueWatcher({ recorder, clock })
  const cancels = [
    () => hook.remove(),
    () => queues.stop(),
    ...watchCalls(options, hook),
    watchUpstreams(options),
    watchDependencies({ hook, clock, onEvidence: (evidence) => recorder.dependency(evidence) }),
    watchBullmq(options, hook, queues),
  ]
  if (config.queues && !tellLoaded) queues.watch(redis, config.queues)
  if (config.methods) cancels.push(speakOfModules(options, config.methods, hook))
  return () => {
    for (const cancel of cancels.toReversed()) cancel()
  }
}

/** The methods and channels that health.config names. */
function watchCalls({ config, recorder, folder, clock, tellLoaded }: ServiceWatchOptions, hook: ModuleHook): Cancel[] {
  const { methods = [], channels = [] } = config
  // A thread that begins later does not take the service back to its start.
  if (!tellLoaded && [...methods, ...channels].some(({ records }) => records === 'start')) recorder.phase('starting')
  return [
    ...methods.map((target) => {
      const name = target.name ?? target.method ?? target.function!
      const { module, class: owner, method, function: exported, callback = false } = target
      const named = exported === undefined ? { class: owner!, method: method! } : { function: exported }
      const watched = { module: moduleOf(target, folder), label: module, folder, callback, ...named }
      return watchMethod(hook, watched, { clock, ...callListener(recorder, target, name) })
    }),
    ...channels.map((target) => watchChannel(target.channel, { clock, ...callListener(recorder, target, target.name ?? target.channel) })),
  ]
}

/** A file: URL, or the name of a package. */
function moduleOf({ module }: MethodTarget, folder: string): string {
  return /^\.{0,2}\//.test(module) ? pathToFileURL(resolve(folder, module)).href : module
}

/** Every outgoing HTTP request; one to a host that health.config names is a call to that upstream, else each host is one. */
function watchUpstreams({ config, recorder, clock }: ServiceWatchOptions): Cancel {
  const { upstreams = {}, profile } = config
  const named = upstreamOf(upstreams)
  const byHost = profile !== 'tracker_fetcher' && Object.keys(upstreams).length === 0
  return watchHttpClient({
    clock,
    ignore: isOwnRequest,
    onRequest(request: HttpRequest) {
      recorder.httpRequest(request)
      const { host, port, errorType, cancelled, durationMs } = request
      const upstream = named(host, port) ?? (byHost ? host : undefined)
      // A request that the service gave up says nothing of the upstream.
      if (upstream === undefined || cancelled) return
      recorder.apiCall({ upstream, durationMs, errorType })
      if (upstreams[upstream]?.records !== 'attempt') return
      recorder.attempt(upstream, { success: errorType === undefined, durationMs, errorType, reportsFound: undefined, events: undefined })
    },
  })
}

/**
 * Jobs of BullMQ workers are attempts unless health.config says what an attempt is, and the queues they are taken from are
 * read unless it says which queues there are.
 */
function watchBullmq({ config, recorder, clock }: ServiceWatchOptions, hook: ModuleHook, queues: QueueWatcher): Cancel {
  const { methods = [], channels = [], upstreams = {} } = config
  const targets = [...methods, ...channels, ...Object.values(upstreams)]
  const isAttempt = !targets.some(({ records }) => records === 'attempt' || records === 'batch')
  return watchBullmqWorkers(hook, {
    clock,
    onAttempt({ queue, durationMs, failed, error, postponed }) {
      if (!isAttempt || postponed) return
      const errorType = failed ? codeOf(error) : undefined
      recorder.attempt(queue, { success: !failed, durationMs, errorType, reportsFound: undefined, events: undefined })
    },
    onQueue({ name, prefix, redis }) {
      if (redis && !config.queues) queues.watchFound(redis, name, { bullmq: name, prefix })
    },
  })
}

/** A module that is never loaded would otherwise be missed at night. */
function speakOfModules(
  { clock, tellLoaded, isLoadedElsewhere }: ServiceWatchOptions,
  methods: readonly MethodTarget[],
  hook: ModuleHook,
): Cancel {
  const modules = [...new Set(methods.map(({ module }) => module))]
  const unmatched = (): ReadonlySet<string> => new Set(hook.unmatched().labels)
  if (tellLoaded) return clock.after(UNMATCHED_AFTER_MS / 2, () => tellLoaded(modules.filter((module) => !unmatched().has(module))))
  return clock.after(UNMATCHED_AFTER_MS, () => {
    const missing = modules.filter((module) => unmatched().has(module) && !isLoadedElsewhere?.(module))
    if (missing.length === 0 || isBusyPrimary()) return
    const seen = hook.unmatched().seen.join(', ') || 'none'
    diag.warn(
      `otel-health: of "methods" in health.config nothing is recorded so far, for nobody has loaded ${missing.join(', ')}; loaded were: ${seen}`,
    )
  })
}

/** The primary of a cluster leaves the work to others. */
function isBusyPrimary(): boolean {
  const cluster = process.getBuiltinModule('node:cluster')
  return cluster.isPrimary && Object.keys(cluster.workers ?? {}).length > 0
}
