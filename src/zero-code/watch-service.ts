/** A service watched and recorded without its knowledge: what health.config names of it, and what every service has. */

import { diag } from '../diag.ts'
import { AskedQueues } from './asked-queues.ts'
import { callListener } from './call-listener.ts'
import type { HealthConfig } from '../config/health-config.ts'
import type { KindConfig } from '../config/kind-config.ts'
import type { ChannelTarget, MethodTarget } from '../config/targets.ts'
import { upstreamNameOf, workNameOf } from '../config/targets.ts'
import { watchDependencies } from '../instrument/clients/dependencies.ts'
import type { Hold } from '../instrument/calls/hold.ts'
import type { ModuleHook } from '../instrument/hook/module-hook.ts'
import { holdFunctions } from './held-functions.ts'
import { namedModule } from './named-module.ts'
import { pausable, type Pausable } from './pausable.ts'
import type { WorkInHand } from '../record/work-in-hand.ts'
import { watchChannel } from '../instrument/calls/tracing-channel.ts'
import { watchMethod } from '../instrument/calls/watch-methods.ts'
import type { RedisTarget } from '../wire/redis-client.ts'
import { QueueWatcher } from './queue-watcher.ts'
import { Libraries } from './libraries.ts'
import type { ServiceRecorder } from './service-recorder.ts'
import { configuredWork, isAttempt } from './attempt-targets.ts'
import { unseenWork } from './unseen-work.ts'
import { watchWorkers } from './watch-workers.ts'
import { WorkSources } from './work-sources.ts'
import { TakenNames } from './taken-names.ts'
import { forgetEndedThreads } from './thread-in-hand.ts'
import type { ThreadNews } from './thread-relay.ts'
import { watchUpstreams } from './watch-upstreams.ts'
import type { Cancel, Clock } from '../types.ts'
import { entryUrl, unrecordedModules } from './unrecorded-modules.ts'

/** Milliseconds after the start at which a method that was never loaded is spoken of. */
const UNMATCHED_AFTER_MS = 10_000
/** Sentences about what results have not; more than any health.config has extractors. */
const MOST_SAID = 100
/** Milliseconds after which a thread tells what it has loaded. */
const TOLD_AFTER_MS = 10_000
/** Why no size of a queue is known. */
const UNANSWERED = 'Redis has not answered what is in the queues'
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
  /** What is counted while it runs. */
  readonly inHand: WorkInHand
  /** While it is held, nothing that we know how to pause takes work. */
  readonly hold: Hold
  /** In a worker thread: the main thread, which reads the queues and speaks of what is missing. */
  readonly mainThread?: ThreadNews
  /** Calls `then` as soon as the process is known to be the service: before, no queue is read and nothing missed. Default: at once. */
  readonly whenKnown?: (then: () => void) => void
}

export interface ServiceWatch {
  /** Ends it all and restores every method. */
  readonly stop: Cancel
  /** What worker threads find. */
  readonly news: ThreadNews
  /** What of its work waits while it is held. */
  readonly pausable: () => Pausable
}

/** Modules loaded before this are not watched. */
export function watchService(options: ServiceWatchOptions): ServiceWatch {
  const { config, clock, redis, mainThread, hook } = options
  const names = new TakenNames()
  const libraries = new Libraries(hook)
  const sources = new WorkSources({
    recorder: options.recorder,
    clock,
    ...(mainThread && { onSource: (source) => mainThread.works(source) }),
    unseen: () =>
      mainThread || isBusyPrimary()
        ? undefined
        : unseenWork({ ...libraries.found(), configured: configuredWork(options), script: process.argv[1] }),
  })
  const recorder = sources.noticing(options.recorder)
  const queues = new QueueWatcher({ recorder, clock, names })
  const asked = new AskedQueues(recorder, clock, names)
  const elsewhere = new Set<string>()
  const news: ThreadNews = {
    loaded(modules) {
      for (const module of modules) elsewhere.add(module)
    },
    queue({ name, target, redis: server }) {
      if (config.queues) return
      if (server) queues.watchFound(server, name, target)
      sources.queuesUnknown(
        server ? UNANSWERED : `where the Redis of queue ${name} is cannot be told: name it in "queues" of health.config`,
      )
    },
    unread: sayer(),
    works(source) {
      options.inHand.see()
      sources.seeInThread(source)
    },
    packages: (loaded) => libraries.loadedElsewhere(loaded),
    inHand: (thread, told) => options.inHand.observe(thread, told),
  }
  const cancels = [
    () => hook.remove(),
    () => queues.stop(),
    () => sources.stop(),
    ...watchCalls({ ...options, recorder }, { hook, news: mainThread ?? news, sources }),
    ...holdFunctions(mainThread ? [] : (config.control?.holds ?? []), options),
    watchUpstreams({ ...options, recorder }),
    watchDependencies({ hook, clock, onEvidence: (evidence) => recorder.dependency(evidence) }),
    watchWorkers({ ...options, recorder }, { hook, news: mainThread ?? news, asked, sources, libraries }),
    () => asked.stop(),
    mainThread ? () => {} : forgetEndedThreads(options.inHand),
  ]
  const begin = (): void => {
    if (config.methods) cancels.push(speakOfModules(options, config.methods, hook, elsewhere))
    if (mainThread) {
      cancels.push(clock.after(TOLD_AFTER_MS, () => mainThread.packages(libraries.found().loaded)))
      return
    }
    sources.begin()
    if (config.queues) sources.queuesUnknown(redis ? UNANSWERED : 'REDIS_URL is no address')
    if (config.queues && redis) queues.watch(redis, config.queues)
    else if (config.queues) diag.warn('otel-health: queues are not read, for REDIS_URL is no address: set "queuesRedis" in health.config')
    cancels.push(leaveToCluster(recorder, queues))
  }
  if (options.whenKnown) options.whenKnown(begin)
  else begin()
  return {
    stop() {
      for (const cancel of cancels.toReversed()) cancel()
    },
    news,
    pausable: () =>
      pausable({
        sources: sources.names,
        ofThreads: sources.ofThreads,
        covered: options.hold.covered,
        hasHook: config.control?.onPause !== undefined,
      }),
  }
}

/** Says each sentence once, whichever thread finds it out. */
function sayer(): (what: string) => void {
  const said = new Set<string>()
  return (what) => {
    if (said.has(what) || said.size >= MOST_SAID) return
    said.add(what)
    diag.warn(`otel-health: ${what}`)
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
function watchCalls(
  { config, kind, recorder, folder, clock, inHand, mainThread }: ServiceWatchOptions,
  { hook, news, sources }: { readonly hook: ModuleHook; readonly news: ThreadNews; readonly sources: WorkSources },
): Cancel[] {
  const { methods = [], channels = [], upstreams = {} } = config
  for (const [name, { records }] of Object.entries(upstreams)) if (records === 'attempt') sources.see(`upstream ${name}`)
  // A thread that begins later does not take the service back to its start.
  if (!mainThread && [...methods, ...channels].some(({ records }) => records === 'start')) recorder.phase('starting')
  const listener = (target: MethodTarget | ChannelTarget) => ({
    clock,
    ...callListener(recorder, target, {
      name: workNameOf(target),
      upstream: upstreamNameOf(target, kind.defaultUpstream),
      inHand,
      isAttempt: isAttempt(target, { config, kind }),
      state: kind.records?.[target.records]?.state,
      unread: (what) => news.unread(what),
    }),
  })
  return [
    ...methods.map((target) => {
      const { module, class: owner, method, function: exported, callback = false } = target
      const named = exported === undefined ? { class: owner!, method: method! } : { function: exported }
      const onFound = (): void => {
        inHand.see()
        sources.see(`${module} ${workNameOf(target)}`)
      }
      const watching = isAttempt(target, { config, kind }) ? withNews(hook, onFound) : hook
      return watchMethod(watching, { module: namedModule(module, folder), label: module, folder, callback, ...named }, listener(target))
    }),
    ...channels.map((target) => watchChannel(target.channel, listener(target))),
  ]
}

/** Tells when a target of it has found what it looks for. */
function withNews(hook: ModuleHook, onFound: () => void): ModuleHook {
  return {
    ...hook,
    add: (target) =>
      hook.add({
        ...target,
        onLoad(bindings, url, hasEnded) {
          const undo = target.onLoad(bindings, url, hasEnded)
          if (undo) onFound()
          return undo
        },
      }),
  }
}

/** A module that is never loaded would otherwise be missed at night. */
function speakOfModules(
  { clock, mainThread }: ServiceWatchOptions,
  methods: readonly MethodTarget[],
  hook: ModuleHook,
  elsewhere: ReadonlySet<string>,
): Cancel {
  const modules = [...new Set(methods.map(({ module }) => module))]
  const missing = (): readonly string[] => {
    const { labels, running } = hook.unmatched()
    return modules.filter((module) => labels.includes(module) || running.includes(module))
  }
  if (mainThread) {
    return clock.after(UNMATCHED_AFTER_MS / 2, () => {
      const missed = missing()
      mainThread.loaded(modules.filter((module) => !missed.includes(module)))
    })
  }
  return clock.after(UNMATCHED_AFTER_MS, () => {
    if (isBusyPrimary()) return
    const nowhere = missing().filter((module) => !elsewhere.has(module))
    const sentences = unrecordedModules({ missing: nowhere, unmatched: hook.unmatched(), entry: entryUrl(process.argv[1]) })
    for (const sentence of sentences) diag.warn(sentence)
  })
}

function isBusyPrimary(): boolean {
  const cluster = process.getBuiltinModule('node:cluster')
  return cluster.isPrimary && Object.keys(cluster.workers ?? {}).length > 0
}
