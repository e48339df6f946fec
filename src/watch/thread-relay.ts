/**
 * Worker threads have no monitor of their own: what is seen in one is told to the main thread, so that a process is one instance
 * however many threads it starts and ends.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- of windows; a channel between threads has no origin
import { BroadcastChannel, getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads'

import type { ServiceRecorder } from './service-recorder.ts'
import type { Cancel } from '../types.ts'

const CHANNEL = 'otel-health'
const LISTENING = 'otel-health.listening'

type Told =
  | { readonly method: keyof ServiceRecorder; readonly args: readonly unknown[] }
  /** Modules that health.config names and the thread has loaded. */
  | { readonly loaded: readonly string[] }

/** Records what threads started from now on tell. The channel keeps nothing alive. */
export function receiveFromThreads(recorder: ServiceRecorder, onLoaded: (modules: readonly string[]) => void): Cancel {
  setEnvironmentData(LISTENING, process.argv[1] ?? '')
  const channel = new BroadcastChannel(CHANNEL)
  channel.addEventListener('message', (message: unknown): void => {
    // A listener that throws would end the service.
    try {
      const told = (message as { data: Told }).data
      if ('loaded' in told) onLoaded(told.loaded)
      else (recorder[told.method] as (...args: readonly unknown[]) => void)(...told.args)
    } catch {
      recorder.dropped('what a worker thread saw')
    }
  })
  channel.unref()
  return () => channel.close()
}

/** The script of the main thread, if that listens to this thread. */
export function listeningScript(): string | undefined {
  const script = isMainThread ? undefined : getEnvironmentData(LISTENING)
  return typeof script === 'string' ? script : undefined
}

export interface MainThread {
  /** What cannot be sent to another thread is told to have been dropped. */
  readonly recorder: ServiceRecorder
  readonly tellLoaded: (modules: readonly string[]) => void
}

export function mainThreadRelay(): MainThread {
  const channel = new BroadcastChannel(CHANNEL)
  channel.unref()
  const tell =
    (method: keyof ServiceRecorder) =>
    (...args: readonly unknown[]): void => {
      try {
        channel.postMessage({ method, args } satisfies Told)
      } catch {
        channel.postMessage({ method: 'dropped', args: [`what a worker thread saw (${method})`] } satisfies Told)
      }
    }
  const recorder: ServiceRecorder = {
    attempt: tell('attempt'),
    batch: tell('batch'),
    apiCall: tell('apiCall'),
    account: tell('account'),
    queues: tell('queues'),
    httpRequest: ({ method, host, port, statusCode, errorType, durationMs }) =>
      tell('httpRequest')({ method, host, port, statusCode, errorType, durationMs }),
    dependency: tell('dependency'),
    phase: tell('phase'),
    dropped: tell('dropped'),
  }
  return { recorder, tellLoaded: (modules) => channel.postMessage({ loaded: modules } satisfies Told) }
}
