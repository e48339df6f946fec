/** A service watched and recorded without its knowledge: what health.config names of it, and what every service has. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { diag } from '../diag.ts'
import { callListener } from './call-listener.ts'
import { codeOf } from './call-reading.ts'
import type { HealthConfig } from '../config/health-config.ts'
import type { KindConfig } from '../config/kind-config.ts'
import type { ChannelTarget, MethodTarget } from '../config/targets.ts'
import { upstreamNameOf, workNameOf } from '../config/targets.ts'
import { watchQueueLibraries } from '../instrument/queues/queue-libraries.ts'
import { watchDependencies } from '../instrument/clients/dependencies.ts'
import type { HttpRequest } from '../instrument/http/http-exchange.ts'
import { watchHttpClient } from '../instrument/http/http-client.ts'
import type { ModuleHook } from '../instrument/hook/module-hook.ts'
import { watchChannel } from '../instrument/calls/tracing-channel.ts'
import { upstreamOf } from '../instrument/http/upstream-hosts.ts'
import { watchMethod } from '../instrument/calls/watch-methods.ts'
import { isOwnRequest } from '../instrument/http/own-requests.ts'
import type { RedisTarget } from '../wire/redis-client.ts'
import { QueueWatcher } from './queue-watcher.ts'
import type { ServiceRecorder } from './service-recorder.ts'
import type { ThreadNews } from './thread-relay.ts'
import type { Cancel, Clock } from '../types.ts'

/** Milliseconds after the start at which a method that was never loaded is spoken of. */
const UNMATCHED_AFTER_MS = 10_000
/** Nobody waits this long for what they then no longer want: a request given up later was given up for being late. Milliseconds. */
const LATE_AFTER_MS = 5000

export interface ServiceWatchOptions {
  readonly recorder: ServiceRecorder
  /** Sees the modules that the service loads. */
  readonly hook: ModuleHook
  readonly config: HealthConfig
  /** What the kind of service says of its upstreams. */
  readonly kind: KindConfig
  /** The folder of health.config; the modules it names are relative to it. */
  readonly folder: string
  /** Where the configured queues are; `undefined` if that is not known. */
  readonly redis: RedisTarget | undefined
  readonly clock: Clock
  /** In a worker thread: the main thread, which reads the queues and speaks of what is missing. */
  readonly mainThread?: ThreadNews
}

export interface ServiceWatch {
  /** Ends it all and restores every method. */
  readonly stop: Cancel
  /** What worker threads find. */
  readonly news: ThreadNews
}

/** Modules loaded before this are not watched. */
export function watchService(options: ServiceWatchOptions): ServiceWatch {
  const { config, recorder, clock, redis, mainThread, hook } = options
  const queues = new QueueWatcher({ recorder, clock })
  const elsewhere = new Set<string>()
  const news: ThreadNews = {
    loaded(modules) {
      for (const module of modules) elsewhere.add(module)
    },
    queue({ name, target, redis: server }) {
      if (server && !config.queues) queues.watchFound(server, name, target)
    },
  }
  const cancels = [
    () => hook.remove(),
    () => queues.stop(),
    ...watchCalls(options, hook),
    watchUpstreams(options),
    watchDependencies({ hook, clock, onEvidence: (evidence) => recorder.dependency(evidence) }),
    watchWorkers(options, hook, mainThread ?? news),
  ]
  if (config.methods) cancels.push(speakOfModules(options, config.methods, hook, elsewhere))
  if (!mainThread) {
    if (config.queues && redis) queues.watch(redis, config.queues)
    else if (config.queues) diag.warn('otel-health: queues are not read, for REDIS_URL is no address: set "queuesRedis" in health.config')
    cancels.push(leaveToCluster(recorder, queues))
  }
  return {
    stop() {
      for (const cancel of cancels.toReversed()) cancel()
    },
    news,
  }
}

/** A process that forks cluster workers leaves the work, and what there is to say of it, to them. */
function leaveToCluster(recorder: ServiceRecorder, queues: QueueWatcher): Cancel {
  const cluster = process.getBuiltinModule('node:cluster')
  if (!cluster.isPrimary) return () => {}
  const onFork = (): void => {
    recorder.phase('running')
    queues.stop()
  }
  cluster.once('fork', onFork)
  return () => void cluster.removeListener('fork', onFork)
}

/** The methods and channels that health.config names. */
function watchCalls({ config, kind, recorder, folder, clock, mainThread }: ServiceWatchOptions, hook: ModuleHook): Cancel[] {
  const { methods = [], channels = [] } = config
  // A thread that begins later does not take the service back to its start.
  if (!mainThread && [...methods, ...channels].some(({ records }) => records === 'start')) recorder.phase('starting')
  const listener = (target: MethodTarget | ChannelTarget) => ({
    clock,
    ...callListener(recorder, target, {
      name: workNameOf(target),
      upstream: upstreamNameOf(target, kind.defaultUpstream),
      isAttempt: isAttempt(target, { config, kind }),
    }),
  })
  return [
    ...methods.map((target) => {
      const { module, class: owner, method, function: exported, callback = false } = target
      const named = exported === undefined ? { class: owner!, method: method! } : { function: exported }
      return watchMethod(hook, { module: moduleOf(target, folder), label: module, folder, callback, ...named }, listener(target))
    }),
    ...channels.map((target) => watchChannel(target.channel, listener(target))),
  ]
}

/** A file: URL, or the name of a package. */
function moduleOf({ module }: MethodTarget, folder: string): string {
  return /^\.{0,2}\//.test(module) ? pathToFileURL(resolve(folder, module)).href : module
}

/** Every outgoing HTTP request; one to a host that health.config names is a call to that upstream, else each host is one. */
function watchUpstreams({ config, kind, recorder, clock }: ServiceWatchOptions): Cancel {
  const { upstreams = {}, methods = [], channels = [] } = config
  const named = upstreamOf(upstreams)
  // A call that health.config names, and that sends a request, would be two.
  const namesCalls = [...methods, ...channels].some(({ records }) => records === 'api_call')
  const byHost = !kind.upstreams && !namesCalls && Object.keys(upstreams).length === 0
  return watchHttpClient({
    clock,
    ignore: isOwnRequest,
    onRequest(request: HttpRequest) {
      recorder.httpRequest(request)
      const { host, port, statusCode, cancelled, durationMs } = request
      const upstream = named(host, port) ?? (byHost ? host : undefined)
      if (upstream === undefined) return
      const late = cancelled && statusCode === undefined && durationMs >= LATE_AFTER_MS
      // Any other request that the service gave up says nothing of the upstream.
      if (cancelled && !late) return
      const errorType = late ? 'timeout' : request.errorType
      recorder.apiCall({ upstream, durationMs, errorType })
      if (!Object.hasOwn(upstreams, upstream) || upstreams[upstream]?.records !== 'attempt') return
      recorder.attempt({
        name: upstream,
        success: errorType === undefined,
        durationMs,
        errorType,
        reportsFound: undefined,
        events: undefined,
      })
    },
  })
}

/**
 * What workers of queue libraries do is attempts unless health.config says what an attempt is, and the queues they are taken from are
 * read unless it says which queues there are.
 */
function watchWorkers({ config, kind, recorder, clock }: ServiceWatchOptions, hook: ModuleHook, news: ThreadNews): Cancel {
  const { methods = [], channels = [], upstreams = {} } = config
  const targets = [...methods, ...channels, ...Object.values(upstreams)]
  const saysAttempts = targets.some((target) => isAttempt(target, { config, kind }))
  return watchQueueLibraries(hook, {
    clock,
    onAttempt({ queue, durationMs, failed, error, postponed }) {
      if (saysAttempts || postponed) return
      const errorType = failed ? codeOf(error) : undefined
      recorder.attempt({ name: queue, success: !failed, durationMs, errorType, reportsFound: undefined, events: undefined })
    },
    onQueue: (queue) => news.queue(queue),
  })
}

/** Whether a call is one piece of work, or many. */
function isAttempt(
  { records = '' }: { readonly records?: string },
  { config, kind }: Pick<ServiceWatchOptions, 'config' | 'kind'>,
): boolean {
  const known: Readonly<Record<string, object>> = { ...kind.records, ...config.records }
  return records === 'attempt' || records === 'batch' || (Object.hasOwn(known, records) && 'is' in known[records]!)
}

/** A module that is never loaded would otherwise be missed at night. */
function speakOfModules(
  { clock, mainThread }: ServiceWatchOptions,
  methods: readonly MethodTarget[],
  hook: ModuleHook,
  elsewhere: ReadonlySet<string>,
): Cancel {
  const modules = [...new Set(methods.map(({ module }) => module))]
  const unmatched = (): ReadonlySet<string> => new Set(hook.unmatched().labels)
  if (mainThread) {
    return clock.after(UNMATCHED_AFTER_MS / 2, () => mainThread.loaded(modules.filter((module) => !unmatched().has(module))))
  }
  return clock.after(UNMATCHED_AFTER_MS, () => {
    const missing = modules.filter((module) => unmatched().has(module) && !elsewhere.has(module))
    if (missing.length === 0 || isBusyPrimary()) return
    const seen = hook.unmatched().seen.join(', ') || 'none'
    diag.warn(
      `otel-health: of "methods" in health.config nothing is recorded so far, for nobody has loaded ${missing.join(', ')}; loaded were: ${seen}`,
    )
  })
}

function isBusyPrimary(): boolean {
  const cluster = process.getBuiltinModule('node:cluster')
  return cluster.isPrimary && Object.keys(cluster.workers ?? {}).length > 0
}
