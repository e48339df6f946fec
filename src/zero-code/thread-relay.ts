/**
 * Worker threads have no monitor of their own: what is seen in one is told to the main thread, so that a process is one instance
 * however many threads it starts and ends.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- of windows; a channel between threads has no origin
import { BroadcastChannel, getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads'

import type { FoundQueue } from '../instrument/queues/queue-library.ts'
import type { InHandElsewhere } from '../record/work-in-hand.ts'
import type { Cancel } from '../types.ts'
import type { ServiceRecorder } from './service-recorder.ts'

const CHANNEL = 'otel-health'
const LISTENING = 'otel-health.listening'
const SILENT = 'otel-health.silent'

/** What a thread finds that is no record. */
export interface ThreadNews {
  /** Modules that health.config names and the thread has loaded. */
  loaded(modules: readonly string[]): void
  /** A queue in use, which is read by the main thread: the thread may end. */
  queue(queue: FoundQueue): void
  /** What health.config reads of results and none has had so far, as a sentence; each thread finds it out by itself. */
  unread(what: string): void
  /** A source of work that is watched in the thread. */
  works(source: string): void
  /** What the thread has begun and not ended. */
  inHand(thread: number, inHand: InHandElsewhere): void
  /** Packages through which services take work, and that the thread has loaded. */
  packages(names: readonly string[]): void
}

type Told =
  | { readonly record: keyof ServiceRecorder; readonly args: readonly unknown[] }
  | { readonly news: keyof ThreadNews; readonly args: readonly unknown[] }

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => void>>

/** Takes what threads started from now on tell. `script`: of the service. The channel keeps nothing alive. */
export function receiveFromThreads(recorder: ServiceRecorder, news: ThreadNews, script: string | undefined): Cancel {
  setEnvironmentData(LISTENING, script ?? '')
  const channel = new BroadcastChannel(CHANNEL)
  channel.addEventListener('message', (message: unknown): void => {
    // A listener that throws would end the service.
    try {
      const told = (message as { data: Told }).data
      if ('news' in told) (news as unknown as Methods)[told.news]!(...told.args)
      else (recorder as unknown as Methods)[told.record]!(...told.args)
    } catch {
      recorder.dropped('what a worker thread saw')
    }
  })
  channel.unref()
  return () => channel.close()
}

/** Threads started from now on, until the process is known to be the service, are as silent as it is. */
export function silenceThreads(): undefined {
  setEnvironmentData(SILENT, true)
}

/** Whether this is a thread of a process that is not known to be the service. */
export function isSilentThread(): boolean {
  return !isMainThread && listeningScript() === undefined && getEnvironmentData(SILENT) === true
}

/** The script of the service, if the main thread listens to this thread. */
export function listeningScript(): string | undefined {
  const script = isMainThread ? undefined : getEnvironmentData(LISTENING)
  return typeof script === 'string' ? script : undefined
}

export interface MainThread {
  readonly recorder: ServiceRecorder
  readonly news: ThreadNews
}

/** The way to the main thread. */
export function mainThread(): MainThread {
  const channel = new BroadcastChannel(CHANNEL)
  channel.unref()
  const record =
    (method: keyof ServiceRecorder) =>
    (...args: readonly unknown[]): void => {
      const told = { record: method, args: args.map(sendable) } satisfies Told
      try {
        channel.postMessage(told)
      } catch {
        channel.postMessage({ record: 'dropped', args: [`what a worker thread saw (${method})`] } satisfies Told)
      }
    }
  const tell =
    (news: keyof ThreadNews) =>
    (...args: readonly unknown[]): void =>
      channel.postMessage({ news, args } satisfies Told)
  return {
    recorder: {
      attempt: record('attempt'),
      batch: record('batch'),
      apiCall: record('apiCall'),
      record: record('record'),
      queues: record('queues'),
      httpRequest: ({ method, host, port, statusCode, errorType, durationMs }) =>
        record('httpRequest')({ method, host, port, statusCode, errorType, durationMs }),
      dependency: record('dependency'),
      phase: record('phase'),
      work: record('work'),
      dropped: record('dropped'),
    },
    news: {
      loaded: tell('loaded'),
      queue: tell('queue'),
      unread: tell('unread'),
      works: tell('works'),
      packages: tell('packages'),
      inHand: tell('inHand'),
    },
  }
}

/** A service's own object may hold functions, which no other thread can be sent. */
function sendable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  try {
    return JSON.parse(JSON.stringify(value)) as unknown
  } catch {
    return value
  }
}
